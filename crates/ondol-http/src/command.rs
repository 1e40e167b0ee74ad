//! A command that comes in over HTTP, and what came of it as an answer.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::ETAG;
use http::request::Parts;
use ondol_domain::{Aggregate, Refused};
use ondol_kernel::{Actor, Recorded, Version};
use ondol_runtime::{Answer, Desk, HandleError, Request, Verdict};
use ondol_store::Head;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::idempotency::Said;
use crate::traced::Traced;
use crate::{ConsistencyToken, IfMatch, Json, KeyedCommand, Principal, Problem, etag};
use crate::{REPLAYED, handle_problem};

/// What surrounds a command: its id from the `Idempotency-Key`, the version that the client has
/// seen from `If-Match`, the trace it belongs to, and who asks. What a client says about time,
/// positions or causes is not asked for, and so cannot be forged.
#[derive(Debug, Clone)]
pub struct Asked(pub Request);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let KeyedCommand(command) = KeyedCommand::from_request_parts(parts, state).await?;
        let IfMatch(expected) = IfMatch::from_request_parts(parts, state).await?;
        let said = parts.headers.get("traceparent").and_then(|text| text.to_str().ok());
        let traced = parts.extensions.get::<Traced>().map(|traced| traced.0);
        let principal = parts.extensions.get::<Principal>();
        let actor = principal.and_then(|principal| Actor::new(&*principal.0).ok());
        let mut request = Request::new(command);
        request.expected = expected;
        request.causation = parts.extensions.get::<Said>().map(|said| said.0);
        request.traceparent = traced.or_else(|| said.and_then(|text| text.parse().ok()));
        request.actor = actor;
        Ok(Self(request))
    }
}

/// What came of a command that was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Done {
    /// What has happened; nothing, if it had been done before.
    pub events: Vec<Happened>,
}

/// An event, as clients are told of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Happened {
    /// What happened: `account.deposited`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Which event of its thing it is, from 1 on.
    pub version: u64,
    /// Where it stands in the log.
    pub position: u64,
    /// When it happened.
    pub time: String,
    /// What there is to know about it.
    pub data: Value,
}

impl Happened {
    /// An event, as clients are told of it.
    pub fn of<E: Serialize>(event: &Recorded<E>) -> Self {
        Self {
            event_type: event.event_type.to_string(),
            version: event.version.get(),
            position: event.position.get(),
            time: event.metadata.time.to_string(),
            data: content(serde_json::to_value(&event.data).unwrap_or_default()),
        }
    }
}

/// A variant's content apart from its name, which the type says already.
fn content(value: Value) -> Value {
    match value {
        Value::Object(fields) if fields.len() == 1 => {
            fields.into_iter().next().map(|(_name, content)| content).unwrap_or_default()
        }
        _unit => Value::Object(serde_json::Map::new()),
    }
}

/// What came of a command that was accepted, as an answer: the events, the version as `ETag`,
/// and the token with which a query sees the effect.
#[derive(Debug, Clone)]
pub struct Accepted {
    done: Done,
    version: Option<Version>,
    token: ConsistencyToken,
    repeated: bool,
    created: Option<String>,
}

impl Accepted {
    /// The same as the answer that something new is there, at a path.
    #[must_use]
    pub fn created(mut self, location: String) -> Self {
        self.created = Some(location);
        self
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let status = self.created.as_ref().map_or(StatusCode::OK, |_new| StatusCode::CREATED);
        let mut response = (status, [self.token.header()], Json(self.done)).into_response();
        let headers = response.headers_mut();
        if let Some(version) = self.version {
            headers.insert(ETAG, etag(version));
        }
        if self.repeated {
            headers.insert(REPLAYED, http::HeaderValue::from_static("true"));
        }
        if let Some(location) = self.created.and_then(|location| location.parse().ok()) {
            headers.insert(http::header::LOCATION, location);
        }
        response
    }
}

/// How many commands may come in one request.
pub const BATCH_ITEMS_MAX: usize = 100;

/// Asks a thing, and makes an answer of what came of it.
///
/// # Errors
/// With the problem that the client is told of: a refusal, or why there was no answer.
pub async fn command<A: Aggregate>(
    desk: &Desk<A>,
    key: &str,
    command: A::Command,
    Asked(request): &Asked,
) -> Result<Accepted, Problem> {
    let answer = desk.handle(key, command, request).await;
    told(desk, answer).map_err(|(problem, _which)| problem)
}

/// Asks a thing several things as one: all of them take effect, or none. A refusal says which of
/// them was refused, as `item`.
///
/// # Errors
/// With the problem that the client is told of: too many or none, a refusal, or why there was no
/// answer.
pub async fn commands<A: Aggregate>(
    desk: &Desk<A>,
    key: &str,
    commands: &[A::Command],
    Asked(request): &Asked,
) -> Result<Accepted, Problem> {
    if commands.len() > BATCH_ITEMS_MAX {
        let title = "There are more items than one request may have.";
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "batch-too-large", title);
        return Err(problem.with("items_max", BATCH_ITEMS_MAX).with("items", commands.len()));
    }
    if commands.is_empty() {
        let title = "There is no item in the request.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch-empty", title));
    }
    let answer = desk.handle_all(key, commands, request).await;
    told(desk, answer).map_err(|(problem, which)| match which {
        Some(which) => problem.with("item", which),
        None => problem,
    })
}

/// What came of a command; or the problem, and which of several commands was refused.
fn told<A: Aggregate>(
    desk: &Desk<A>,
    answer: Result<Answer<A>, HandleError>,
) -> Result<Accepted, (Problem, Option<usize>)> {
    let answer = answer.map_err(|error| (handle_problem(&error), None))?;
    let head = Head { epoch: desk.epoch(), position: answer.position };
    match answer.verdict {
        Verdict::Accepted(events) => Ok(Accepted {
            version: events.last().map(|event| event.version),
            done: Done { events: events.iter().map(Happened::of).collect() },
            token: ConsistencyToken(head),
            repeated: answer.repeated,
            created: None,
        }),
        Verdict::Refused(refusal) => {
            let problem = refused::<A>(&refusal);
            let problem = if answer.repeated { problem.replayed() } else { problem };
            Err((problem, Some(answer.which)))
        }
        Verdict::Voided => {
            let title = "The command was called off before it arrived.";
            Err((Problem::new(StatusCode::CONFLICT, "command-voided", title), None))
        }
    }
}

fn refused<A: Aggregate>(refusal: &A::Refusal) -> Problem {
    match Refused::by::<A>(refusal) {
        Ok(refused) => Problem::refused(&refused),
        Err(error) => {
            tracing::error!(%error, "a refusal cannot be written");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests;
