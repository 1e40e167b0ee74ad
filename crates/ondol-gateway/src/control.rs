//! Looking at a running gateway, and changing it: `/control/…` on the gateway's own port.
//!
//! Whoever asks shows a token that belongs to a name, and whoever changes something says why. Both are
//! written down before it is done, and what came of it afterwards; so is every try that was refused.
//! Where no tokens are configured, none of this is there.

mod act;
mod audit;
mod change;
mod diff;
mod problem;
mod read;
mod refusals;
mod request;
mod versions;
mod who;

use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::body::Body;
use crate::handle::Arrived;
use crate::problem::Problem;
use crate::start::GatewayHandle;

pub(crate) use audit::Audit;
use audit::{Entry, Outcome};
pub(crate) use problem::ControlProblem;
pub(crate) use refusals::{Refusal, Refusals};
use request::Asked;
pub(crate) use versions::{Told, Version, Versions};
use who::Who;
pub(crate) use who::is_same;

/// What answers begin with.
const PREFIX: &[u8] = b"/control";

/// Whether a target is one of these.
pub(crate) fn is_meant(target: &[u8]) -> bool {
    target.strip_prefix(PREFIX).is_some_and(|rest| matches!(rest.first(), None | Some(b'/' | b'?')))
}

/// Answers, if there is anybody who may ask.
pub(crate) async fn answer(
    handle: &GatewayHandle,
    arrived: Arrived,
) -> Result<Response<Body>, Problem> {
    let config = handle.config();
    let options = config.control.as_ref().ok_or(Problem::NoRoute)?;
    let from = arrived.peer.address.ip();
    if !from.is_loopback() && !options.beyond_loopback {
        return Err(Problem::NoRoute);
    }
    let audit = handle.audit();
    let (method, target) = (arrived.method.clone(), arrived.target.clone());
    let what = format!("{method} {}", String::from_utf8_lossy(&target));
    let entry = Entry { at: handle.clock().now(), who: None, from, what: &what };
    let refused = |entry: &Entry<'_>, why: Option<&str>, problem: ControlProblem| {
        audit.refused(options, entry, why, &problem);
        Problem::Control(Box::new(problem))
    };
    let who = Who::of(options, &arrived.headers).map_err(|it| refused(&entry, None, it))?;
    let entry = Entry { who: Some(&who.name), ..entry };
    let changes = !matches!(method, Method::GET | Method::HEAD);
    if changes && who.read_only {
        return Err(refused(&entry, None, ControlProblem::ReadOnly));
    }
    let asked = Asked::read(arrived).await.map_err(|it| refused(&entry, None, it))?;
    if !changes {
        return read::read(handle, &asked).map_err(|problem| Problem::Control(Box::new(problem)));
    }
    let act = act::Act::read(handle, &asked).map_err(|it| refused(&entry, asked.reason(), it))?;
    if asked.is_trial() {
        let told = act.trial(handle).map_err(|it| refused(&entry, asked.reason(), it))?;
        return Ok(json(StatusCode::OK, &told));
    }
    let why = asked.needed_reason().map_err(|it| refused(&entry, None, it))?;
    let before = act.state(handle);
    let written = audit.write(options, &entry, &Outcome::Asked { why, before: &before });
    written
        .map_err(|error| Problem::Control(Box::new(ControlProblem::Audit(error.to_string()))))?;
    match act.carry_out(handle, &who.name, why).await {
        Ok(change) => {
            let after = act.state(handle);
            let done = Outcome::Done { why, before: &before, after: &after, change: &change };
            if let Err(error) = audit.write(options, &entry, &done) {
                tracing::error!(%error, "what was done is not in the audit log, only that it was asked for");
            }
            tracing::info!(who = who.name, what, why, "the gateway is changed by hand");
            let told = json!({ "before": before, "after": after, "change": change });
            Ok(tagged(handle, json(StatusCode::OK, &told)))
        }
        Err(problem) => Err(refused(&entry, Some(why), problem)),
    }
}

fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::full(format!("{value}\n")));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// With the tag of the configuration that runs.
fn tagged(handle: &GatewayHandle, mut response: Response<Body>) -> Response<Body> {
    if let Ok(tag) = HeaderValue::from_str(&handle.version().tag()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
