//! A service of the house that is asked whether a request may go on.
//!
//! It is asked over the gateway's own connections and never over the client's, is shown what was chosen
//! and no body, and has a bounded time. Two hundred and something is a yes, 401 and 403 are a no, and
//! everything else is no answer.

use bytes::Bytes;
use http::header::{HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method};
use ondol_resilience::Mode;

use super::refusal::{Refusal, Said};
use super::tell::Tell;
use crate::config::{AuthOptions, AuthorizeOptions, OnFailure};
use crate::gateway::{Core, Errand, Exchange, Head, Returned, fill};
use crate::policy::NotMade;
use crate::problem::Problem;

/// Bytes of its answer; nobody reads them.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const TARGET: HeaderName = HeaderName::from_static("x-forwarded-uri");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FROM: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Asks it.
pub(crate) struct Authorizer {
    pub(crate) mode: Mode,
    options: AuthorizeOptions,
    method: Method,
    headers: Vec<HeaderName>,
    adds: Vec<HeaderName>,
    tell: Tell,
}

impl Authorizer {
    /// None, if it is off.
    ///
    /// # Errors
    /// It cannot be asked like this: then the route is not made, rather than left open.
    pub(crate) fn new(options: &AuthorizeOptions) -> Result<Option<Self>, NotMade> {
        let name =
            |name: &String| HeaderName::from_bytes(name.as_bytes()).map_err(|_error| NotMade);
        let names = |all: &[String]| all.iter().map(name).collect::<Result<Vec<_>, _>>();
        let method = Method::from_bytes(options.method.as_bytes()).map_err(|_error| NotMade)?;
        let authorizer = Self {
            mode: options.mode,
            method,
            headers: names(&options.headers)?,
            adds: names(&options.adds)?,
            tell: Tell::new(&AuthOptions::default()),
            options: options.clone(),
        };
        Ok((options.mode != Mode::Off).then_some(authorizer))
    }

    /// Whether a request may go on.
    pub(crate) async fn admit(&self, core: &Core, exchange: &mut Exchange) -> Result<(), Problem> {
        let returned = match self.ask(core, exchange.head()).await {
            Ok(returned) => returned,
            Err(why) => return self.silent(why),
        };
        let status = returned.status;
        if status.is_success() {
            for name in &self.adds {
                if let Some(value) = returned.headers.get(name) {
                    exchange.ask.headers.insert(name, value.clone());
                }
            }
            return Ok(());
        }
        match status.as_u16() {
            status @ (401 | 403) => Err(refused(Refusal::Forbidden(status), &returned)),
            status => self.silent(format!("the authorizer answered {status}")),
        }
    }

    /// What becomes of a request about which nothing is said.
    fn silent(&self, why: String) -> Result<(), Problem> {
        match self.options.on_failure {
            OnFailure::Refuse => Err(said(Refusal::Silent(why), None)),
            OnFailure::Pass => {
                tracing::warn!(why, "a request goes on that nobody has judged");
                Ok(())
            }
        }
    }

    async fn ask(&self, core: &Core, exchange: Head<'_>) -> Result<Returned, String> {
        let snapshot = core.snapshot.load_full();
        let backend = snapshot.backends.get(&self.options.backend);
        let backend = backend.ok_or_else(|| "the authorizer is not configured".to_owned())?;
        let target = self.target(exchange);
        let errand = Errand {
            method: self.method.clone(),
            target: &target,
            headers: self.shown(exchange)?,
            body: Bytes::new(),
            timeout: self.options.timeout,
            bytes_max: ANSWER_BYTES_MAX,
            worker: exchange.peer.worker,
        };
        core.errand(backend, errand).await.map_err(|error| error.to_string())
    }

    fn target(&self, exchange: Head<'_>) -> String {
        let mut captures = exchange.route.pattern().captures(exchange.target.path());
        captures.push(("path".to_owned(), exchange.target.path().to_owned()));
        captures.push(("host".to_owned(), exchange.target.host.name().to_owned()));
        captures.push(("method".to_owned(), exchange.ask.method.as_str().to_owned()));
        fill(&self.options.path, &captures)
    }

    /// What it is shown.
    fn shown(&self, exchange: Head<'_>) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for name in &self.headers {
            for value in exchange.ask.headers.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        let text = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        headers.insert(METHOD, text(exchange.ask.method.as_str())?);
        headers.insert(TARGET, text(exchange.target.as_str())?);
        headers.insert(HOST, exchange.target.host.value().clone());
        headers.insert(FROM, text(&exchange.client.to_string())?);
        if let Some(caller) = exchange.caller {
            let told = self.tell.tell(&caller.principal, &mut headers);
            told.map_err(|_refusal| "who asks cannot be told".to_owned())?;
        }
        Ok(headers)
    }
}

fn refused(refusal: Refusal, returned: &Returned) -> Problem {
    said(refusal, returned.headers.get(WWW_AUTHENTICATE).cloned())
}

fn said(refusal: Refusal, challenge: Option<HeaderValue>) -> Problem {
    Problem::Who(Box::new(Said { refusal, realm: challenge, keys: false }))
}
