//! The pipeline: from a request as it arrived to the answer that goes out.
//!
//! canonical form → route → (authenticate, authorise, limit, validate: policies come here) → choose →
//! forward → fall back → answer. Each stage sees the one canonical request; none looks at what the
//! client wrote.

mod choose;
mod client;
mod forward;
mod headers;
mod record;
mod respond;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{Method, Request, Response};
use ondol_doors::{Clock, Rng};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access_log::AccessLog;
use crate::body::Body;
use crate::canonical::Target;
use crate::handle::{Answer, Arrived, Handler, Peer, Sent};
use crate::inflate;
use crate::meter::Meters;
use crate::problem::Problem;
use crate::route::{Found, Seen};
use crate::snapshot::{Action, FallbackTo, Route, Snapshot, Split};

pub(crate) use forward::Probe;
pub(crate) use record::{Line, Record};

/// What all connections share.
pub(crate) struct Core {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    /// How many snapshots there have been.
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) meters: Meters,
    pub(crate) log: AccessLog,
    /// Cuts tunnels when the time to drain is over.
    pub(crate) cut: CancellationToken,
}

/// A request in its canonical form, with the route it took.
pub(crate) struct Exchange {
    pub(crate) request: Request<Body>,
    pub(crate) target: Target,
    pub(crate) peer: Arc<Peer>,
    /// The client's own address, through proxies that are trusted.
    pub(crate) client: IpAddr,
    pub(crate) route: Arc<Route>,
    /// Whether a change of protocol is asked for and allowed.
    pub(crate) upgrade: bool,
    /// Whether the client understands trailers, as gRPC needs it.
    pub(crate) trailers: bool,
}

impl Handler for Core {
    type Record = Record;

    async fn handle(&self, arrived: Arrived) -> Answer<Record> {
        let mut record = Record::begin(self, &arrived);
        let snapshot = self.snapshot.load_full();
        let response = match self.answer(&snapshot, arrived, &mut record).await {
            Ok(response) => response,
            Err(problem) => {
                self.meters.refused(problem.code());
                record.refused(&problem);
                problem.into_response()
            }
        };
        Answer { response, record }
    }

    fn refuse(&self, peer: &Arc<Peer>, problem: Problem) -> Answer<Record> {
        self.meters.refused(problem.code());
        let mut record = Record::nameless(self, peer);
        record.refused(&problem);
        Answer { response: problem.into_response(), record }
    }

    fn finished(&self, record: Record, sent: Sent) {
        record.finish(self, sent);
    }
}

impl Core {
    async fn answer(
        &self,
        snapshot: &Snapshot,
        arrived: Arrived,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let exchange = enter(snapshot, arrived, record)?;
        let route = Arc::clone(&exchange.route);
        if let Some(fault) = &route.fault {
            self.inject(fault).await?;
        }
        let mut response = match &route.action {
            Action::Redirect(redirect) => respond::redirect(redirect, &exchange)?,
            Action::Respond(options) => respond::fixed(options),
            Action::Forward(split) => self.forward(split, exchange, record).await?,
        };
        if let Some(version) = &route.version {
            respond::tell_version(version, &mut response);
        }
        Ok(response)
    }

    async fn forward(
        &self,
        split: &Split,
        mut exchange: Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let backend = choose::choose(split, &exchange, &*self.rng);
        headers::prepare(&mut exchange, record);
        let route = Arc::clone(&exchange.route);
        let Some(fallback) = &route.fallback else {
            return self.send(backend, &mut exchange, record).await;
        };
        // What may be asked for twice is kept; a body that has to be read cannot be.
        let again = exchange.request.body().whole();
        let first = self.send(backend, &mut exchange, record).await;
        let status = first.as_ref().map_or_else(Problem::status, Response::status);
        if !fallback.on.contains(&status) {
            return first;
        }
        match (&fallback.to, again) {
            (FallbackTo::Respond(options), _) => {
                record.fell_back();
                Ok(respond::fixed(options))
            }
            (FallbackTo::Backend(backend), Some(body)) => {
                record.fell_back();
                *exchange.request.body_mut() = Body::full(body);
                self.send(backend, &mut exchange, record).await
            }
            (FallbackTo::Backend(_), None) => first,
        }
    }

    async fn inject(&self, fault: &crate::config::FaultOptions) -> Result<(), Problem> {
        if choose::strikes(fault.delay_percent, &*self.rng) {
            self.clock.sleep(fault.delay).await;
        }
        let status = fault.abort_status.and_then(|status| http::StatusCode::from_u16(status).ok());
        match status {
            Some(status) if choose::strikes(fault.abort_percent, &*self.rng) => {
                Err(Problem::Aborted(status))
            }
            _ => Ok(()),
        }
    }
}

impl Core {
    /// Everything that is counted, as Prometheus reads it.
    pub(crate) fn write_metrics(&self) -> String {
        let mut out = String::new();
        let written = self.meters.write(&mut out).and_then(|()| {
            let dropped = self.log.dropped();
            writeln!(out, "# TYPE ondol_gateway_access_log_dropped_total counter")?;
            writeln!(out, "ondol_gateway_access_log_dropped_total {dropped}")?;
            self.snapshot.load().write_backends(&mut out)
        });
        debug_assert!(written.is_ok(), "a string takes everything");
        out
    }
}

/// Brings a request into its canonical form and finds its route.
fn enter(snapshot: &Snapshot, arrived: Arrived, record: &mut Record) -> Result<Exchange, Problem> {
    let Arrived { method, target, authority, mut headers, mut body, peer, minor } = arrived;
    if matches!(method, Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotServed);
    }
    let target = Target::read(&target, authority.as_ref(), &headers, minor)?;
    record.target(&target);
    let trusted = snapshot.trusts(peer.address.ip());
    let kept = snapshot.headers.apply(&mut headers, trusted)?;
    let client = snapshot.client(peer.address.ip(), &headers);
    let seen = Seen {
        region: snapshot.region(client),
        method: &method,
        host: target.host.name(),
        path: target.path(),
        query: target.query(),
        headers: &headers,
    };
    let route = match snapshot.table.find(&seen) {
        Found::Route(route) => Arc::clone(route),
        Found::OtherMethod => return Err(Problem::MethodNotAllowed),
        Found::Nothing => return Err(Problem::NoRoute),
    };
    record.route(&route);
    if body.length().is_some_and(|length| length > route.body_bytes_max) {
        return Err(Problem::BodyTooLarge);
    }
    body.limit(route.body_bytes_max);
    let passed = &snapshot.config.limits.codings_passed;
    let body = inflate::watch(&headers, body, route.body_bytes_max, passed)?;
    let upgrade = kept.upgrade.as_ref().filter(|upgrade| {
        let protocol = upgrade.to_str().unwrap_or_default();
        method == Method::GET && route.upgrade.iter().any(|one| one.eq_ignore_ascii_case(protocol))
    });
    if let Some(protocol) = upgrade {
        headers.insert(http::header::UPGRADE, protocol.clone());
    }
    if let Some(host) = minor.ge(&2).then(|| target.host.as_str().parse().ok()).flatten() {
        headers.insert(http::header::HOST, host);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    Ok(Exchange {
        request,
        target,
        peer,
        client,
        route,
        upgrade: upgrade.is_some(),
        trailers: kept.trailers,
    })
}
