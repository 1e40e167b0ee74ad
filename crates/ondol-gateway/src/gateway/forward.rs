//! To an instance of a backend, and back.
//!
//! A connection that was idle may be closed by the other side at the very moment it is used again.
//! That is nobody's failure: the request goes out once more, on a fresh connection, if it may — when
//! not a byte had left, or when doing it twice is the same as doing it once.

mod call;
mod copy;
mod errand;
mod http2;
mod inside;
mod probe;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{Method, Response};
use ondol_resilience::{
    Breaker, Classify, Context, HttpStatus, Place, Rejected, Retry, Safety, Verdict,
};

pub(crate) use call::Call;
pub(crate) use errand::{Errand, ErrandError, Returned};
pub(crate) use probe::Probe;

use super::choose::Key;
use super::respond::fill;
use super::{Core, Exchange, Record};
use crate::backend::{Backend, Endpoint};
use crate::body::{Body, BodyError};
use crate::canonical::clean_answer;
use crate::handle::Ask;
use crate::http1::{ExchangeError, Exchanged, Outbound, Progress, UpstreamConnection, Waits};
use crate::meter::RouteMeter;
use crate::pool::{Home, Obtained};
use crate::problem::Problem;

impl Core {
    /// Sends a request to a backend.
    pub(super) async fn send(
        &self,
        backend: &Backend,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let body = std::mem::take(&mut exchange.body);
        let exchange = &*exchange;
        let key = Key::of(backend.options.hash_by.as_ref(), exchange, &*self.rng);
        let target = rewrite(exchange);
        let attempt = Attempt {
            core: self,
            waits: exchange.route.waits,
            meter: &exchange.route.meter,
            worker: exchange.peer.worker,
            upgrade: exchange.upgrade,
            trailers: exchange.trailers,
            ask: &exchange.ask,
            target: &target,
            key: key.hash,
        };
        let began = record.is_logged().then(|| self.clock.running());
        let outcome = attempt.through(backend, body, record).await;
        if let Some(began) = began {
            record.upstream_wait += self.clock.running().saturating_sub(began);
        }
        let mut response = outcome?;
        if response.status() != 101 {
            clean_answer(response.headers_mut());
        }
        if let Some(cookie) = key.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// What all tries of a request share.
struct Attempt<'a> {
    core: &'a Core,
    waits: Waits,
    meter: &'a RouteMeter,
    worker: usize,
    upgrade: bool,
    /// Whether the client understands trailers.
    trailers: bool,
    ask: &'a Ask,
    target: &'a str,
    /// For balancers that go by the client.
    key: u64,
}

/// How a try failed.
struct Failed {
    problem: Problem,
    verdict: Verdict,
}

impl Failed {
    /// Nothing had been sent, so that any request may be tried elsewhere.
    fn unsent(problem: Problem) -> Self {
        Self { problem, verdict: Verdict::failure().not_sent() }
    }

    /// The client's own fault: it says nothing about the backend, and will not pass.
    fn of_client(problem: Problem) -> Self {
        Self { problem, verdict: Verdict::ignored() }
    }
}

impl From<Rejected> for Failed {
    fn from(rejected: Rejected) -> Self {
        let verdict = rejected.verdict();
        Self { problem: Problem::Rejected(rejected), verdict }
    }
}

/// What an outcome says about a backend.
fn judge(outcome: Result<&Response<Body>, &Failed>) -> Verdict {
    match outcome {
        Ok(response) => HttpStatus.classify(Ok::<_, &Failed>(response)),
        Err(failed) => failed.verdict,
    }
}

impl Attempt<'_> {
    async fn through(
        &self,
        backend: &Backend,
        body: Body,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let outcome = match (&backend.guards.retry, body.whole()) {
            (Some(retry), Some(whole)) => self.repeated(backend, retry, &whole, record).await,
            _ => self.once(backend, body, Context::default(), record).await,
        };
        outcome.map_err(|failed| failed.problem)
    }

    async fn repeated(
        &self,
        backend: &Backend,
        retry: &Retry,
        whole: &Bytes,
        record: &mut Record,
    ) -> Result<Response<Body>, Failed> {
        let safety = if is_repeatable(self.ask) { Safety::Idempotent } else { Safety::Once };
        let mut attempts = retry.attempts(Context::default(), safety);
        loop {
            let context = attempts.context().clone();
            let outcome = self.once(backend, Body::full(whole.clone()), context, record).await;
            if !attempts.again(judge(outcome.as_ref())).await {
                return outcome;
            }
            self.meter.retried();
        }
    }

    /// One try, past the backend's guards.
    async fn once(
        &self,
        backend: &Backend,
        body: Body,
        context: Context,
        record: &mut Record,
    ) -> Result<Response<Body>, Failed> {
        record.tries += 1;
        let guards = &backend.guards;
        let permit = guards.breaker.as_ref().map(Breaker::acquire).transpose()?;
        let place = match &guards.bulkhead {
            Some(bulkhead) => Some(bulkhead.enter(&context).await?),
            None => None,
        };
        let pick = match &guards.balancer {
            Some(balancer) => Some(balancer.pick(&context, self.key)?),
            None => None,
        };
        let endpoint = match &pick {
            Some(pick) => backend.named(&pick.endpoint().name),
            None => backend.first(),
        };
        let endpoint = endpoint.ok_or_else(|| Failed::unsent(Problem::NoEndpoint))?;
        record.upstream(&endpoint.name);
        let outcome = self.at(&endpoint, body, place).await;
        if permit.is_some() || pick.is_some() {
            let verdict = judge(outcome.as_ref());
            if let Some(permit) = permit {
                permit.finish(verdict);
            }
            if let Some(pick) = pick {
                pick.finish(verdict);
            }
        }
        outcome
    }

    /// One try, at one instance.
    async fn at(
        &self,
        endpoint: &Arc<Endpoint>,
        body: Body,
        place: Option<Place>,
    ) -> Result<Response<Body>, Failed> {
        let busy = || Failed { problem: Problem::TooBusy, verdict: Verdict::ignored().not_sent() };
        let mut home = endpoint.pool.enter(self.worker).ok_or_else(busy)?;
        home.hold(place);
        if home.http2().is_some() {
            return Box::pin(self.over_http2(endpoint, home, body)).await;
        }
        if let Some(service) = home.inside().filter(|_| !self.upgrade).cloned() {
            return Box::pin(self.inside(&service, home, body)).await;
        }
        let obtained = match home.idle() {
            Some(idle) => Obtained::Idle(idle),
            None => Box::pin(home.obtain())
                .await
                .map_err(|_error| Failed::unsent(Problem::ConnectFailed))?,
        };
        let idle = match obtained {
            Obtained::Idle(idle) => idle,
            Obtained::Fresh(fresh) => {
                let outcome = self.over(fresh, home, body).await;
                return outcome.map_err(|(error, at)| Self::failed(error, at));
            }
        };
        let again = body.whole();
        match (self.over(idle, home, body).await, again) {
            (Ok(response), _) => Ok(response),
            (Err((ExchangeError::Closed | ExchangeError::Io(_), progress)), Some(body))
                if progress == Progress::Nothing || is_repeatable(self.ask) =>
            {
                let home = endpoint.pool.enter(self.worker).ok_or_else(busy)?;
                let fresh = self.connect(&home).await?;
                let body = Body::full(body);
                self.over(fresh, home, body).await.map_err(|(error, at)| Self::failed(error, at))
            }
            (Err((error, progress)), _) => Err(Self::failed(error, progress)),
        }
    }

    async fn connect(&self, home: &Home) -> Result<UpstreamConnection, Failed> {
        Box::pin(home.connect()).await.map_err(|_error| Failed::unsent(Problem::ConnectFailed))
    }

    async fn over(&self, connection: UpstreamConnection, home: Home, body: Body) -> Exchanged {
        let outbound = Outbound {
            ask: self.ask,
            target: self.target,
            body,
            upgrade: self.upgrade,
            waits: self.waits,
            cut: &self.core.cut,
        };
        connection.exchange(outbound, home).await
    }

    fn failed(error: ExchangeError, progress: Progress) -> Failed {
        let problem = match error {
            ExchangeError::Body(error) => return Failed::of_client(of_body(&error)),
            ExchangeError::Io(_) | ExchangeError::Closed => Problem::UpstreamFailed,
            ExchangeError::TimedOut => Problem::UpstreamTimedOut,
            ExchangeError::Malformed(_) | ExchangeError::Unasked => Problem::UpstreamMalformed,
        };
        match progress {
            Progress::Nothing => Failed::unsent(problem),
            Progress::Something => Failed { problem, verdict: Verdict::failure() },
        }
    }
}

/// Whether doing it twice is the same as doing it once.
fn is_repeatable(ask: &Ask) -> bool {
    ask.method.is_idempotent()
        || (ask.method == Method::POST && ask.headers.contains_key("idempotency-key"))
}

/// What the client is told whose own body failed.
pub(crate) fn of_body(error: &BodyError) -> Problem {
    match error {
        BodyError::TooLarge(_) => Problem::BodyTooLarge,
        BodyError::TooSlow => Problem::BodyTooSlow,
        BodyError::Malformed(source) => Problem::BadFraming(source.to_string().into()),
        BodyError::Cut | BodyError::Io(_) | BodyError::Service(_) => Problem::BodyCut,
    }
}

/// What the backend is asked for.
pub(super) fn rewrite(exchange: &Exchange) -> Cow<'_, str> {
    let Exchange { route, target, .. } = exchange;
    let path = match (&route.rewrite, &route.strip_prefix) {
        (Some(template), _) => fill(template, &route.pattern().captures(target.path())),
        (None, Some(prefix)) => {
            let rest = target.path().strip_prefix(prefix.as_str()).unwrap_or(target.path());
            if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
        }
        (None, None) => return Cow::Borrowed(target.as_str()),
    };
    match target.query() {
        Some(query) => Cow::Owned(format!("{path}?{query}")),
        None => Cow::Owned(path),
    }
}
