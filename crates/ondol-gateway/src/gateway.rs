//! The pipeline: from a request as it arrived to the answer that goes out.
//!
//! canonical form → route → admit (the route's policies) → choose → forward → fall back → answer. Each
//! stage sees the one canonical request; none looks at what the client wrote.

mod aggregated;
mod behind;
mod cached;
mod choose;
mod client;
mod fallback;
mod forward;
mod headers;
mod record;
mod respond;
mod steered;
mod traced;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{Method, Response};
use ondol_doors::{Clock, Rng};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access_log::AccessLog;
use crate::alert::Alarms;
use crate::audit::Begun;
use crate::body::Body;
use crate::cache::Key;
use crate::canonical::Target;
use crate::chore::Chores;
use crate::compress::wants_gzip;
use crate::control::Refusals;
use crate::cors::{asked_about, may_upgrade};
use crate::handle::{Answer, Arrived, Ask, Handler, Peer, Sent};
use crate::inflate;
use crate::meter::Meters;
use crate::problem::Problem;
use crate::route::{Found, Seen};
use crate::snapshot::{Action, Route, Snapshot, Split};
use crate::spare;
use crate::transform::Transform;
use crate::who::Caller;

pub(crate) use cached::Refresh;
use cached::{AtOnce, stored};
pub(crate) use choose::strikes;
pub(crate) use forward::{Call, Errand, ErrandError, Probe, Returned, of_body};
pub(crate) use record::{Line, Record};
pub(crate) use respond::fill;

/// What all connections share.
pub(crate) struct Core {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    /// How many snapshots there have been.
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) meters: Meters,
    pub(crate) log: AccessLog,
    pub(crate) chores: Arc<Chores>,
    pub(crate) alarms: Arc<Alarms>,
    /// Whose connections are used for what no worker does.
    pub(crate) no_worker: usize,
    /// What was refused lately, for those who look.
    pub(crate) refusals: Refusals,
    /// Cuts tunnels when the time to drain is over.
    pub(crate) cut: CancellationToken,
}

/// A request in its canonical form, with the route it took.
pub(crate) struct Exchange {
    pub(crate) ask: Ask,
    pub(crate) body: Body,
    pub(crate) target: Target,
    pub(crate) peer: Arc<Peer>,
    /// The client's own address, through proxies that are trusted.
    pub(crate) client: IpAddr,
    pub(crate) route: Arc<Route>,
    /// Who asks, once he has proved it.
    pub(crate) caller: Option<Caller>,
    /// Whether a change of protocol is asked for and allowed.
    pub(crate) upgrade: bool,
    /// Whether the client understands trailers, as gRPC needs it.
    pub(crate) trailers: bool,
}

/// All of a request but its body: what can be looked at while somebody else is asked.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) target: &'a Target,
    pub(crate) peer: &'a Arc<Peer>,
    pub(crate) client: IpAddr,
    pub(crate) route: &'a Arc<Route>,
    pub(crate) caller: Option<&'a Caller>,
}

impl Exchange {
    /// All of it but its body.
    pub(crate) fn head(&self) -> Head<'_> {
        let Self { ask, target, peer, client, route, caller, .. } = self;
        Head { ask, target, peer, client: *client, route, caller: caller.as_ref() }
    }
}

impl Handler for Core {
    type Record = Record;

    async fn handle(&self, arrived: Arrived) -> Answer<Record> {
        let mut record = Record::begin(self, &arrived);
        let over_tls = arrived.peer.secure;
        let snapshot = self.snapshot.load_full();
        let mut response = match self.answer(&snapshot, arrived, &mut record).await {
            Ok(response) => response,
            Err(problem) => self.refused(problem, &mut record),
        };
        if let Some(policies) = record.policies() {
            policies.protect(self, over_tls, response.headers_mut());
        }
        record.answered(self);
        Answer { response, record }
    }

    fn refuse(&self, peer: &Arc<Peer>, problem: Problem) -> Answer<Record> {
        let mut record = Record::nameless(self, peer);
        let response = self.refused(problem, &mut record);
        Answer { response, record }
    }

    fn finished(&self, record: Record, sent: Sent) {
        record.finish(self, sent);
    }
}

impl Core {
    /// Notes why a request is not answered by anybody else, and answers it.
    fn refused(&self, problem: Problem, record: &mut Record) -> Response<Body> {
        self.meters.refused(problem.code());
        record.refused(&problem);
        record.tell_refusal(self, &problem);
        record.hear_answer(problem.into_response())
    }

    async fn answer(
        &self,
        snapshot: &Snapshot,
        arrived: Arrived,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let (mut exchange, asks_first) = enter(self, snapshot, arrived, record)?;
        let route = Arc::clone(&exchange.route);
        let page = route.cors.as_ref().map(|cors| (cors, cors.listed(&exchange.ask.headers)));
        if let (Some((cors, origin)), true) = (&page, asks_first) {
            return Ok(record.hear_answer(cors.preflight(origin.clone())));
        }
        let admitted = match &route.policies {
            Some(policies) => match policies.admit(self, &mut exchange, record).await {
                Ok(admitted) => Some(admitted),
                Err(problem) => {
                    // A page that is listed may read why: only then can it do something about it.
                    let mut response = self.refused(problem, record);
                    if let Some((cors, origin)) = page {
                        cors.tell(origin, response.headers_mut());
                    }
                    return Ok(response);
                }
            },
            None => None,
        };
        if let Some(auditing) = &mut record.audit {
            auditing.identify(&exchange.ask.headers, |name| snapshot.headers.tells_who(name));
        }
        if let Some(fault) = &route.fault {
            self.inject(fault).await?;
        }
        let packed = route.compress.is_some() && wants_gzip(&exchange.ask.headers);
        let changes = snapshot.has_caches() && !exchange.ask.method.is_safe();
        let changes = changes.then(|| Key::of(exchange.peer.secure, &exchange.target));
        let mut response = match &route.cache {
            Some(cache) => match stored(snapshot, cache, &exchange) {
                AtOnce::Stored(response) => {
                    spare::give(std::mem::take(&mut exchange.ask.headers));
                    response
                }
                AtOnce::Asked(question) => {
                    Box::pin(self.cached(cache, question, exchange, record)).await?
                }
            },
            None => self.procure(&mut exchange, record).await?,
        };
        if let Some(key) = changes.filter(|_| response.status().as_u16() < 400) {
            self.changed(snapshot, &key, response.headers());
        }
        if let Some(version) = &route.version {
            respond::tell_version(version, &mut response);
        }
        if let Some(admitted) = admitted {
            admitted.tell(response.headers_mut());
        }
        if let Some((cors, origin)) = page {
            cors.tell(origin, response.headers_mut());
        }
        let response = record.hear_answer(response);
        Ok(match &route.compress {
            Some(compress) => compress.answer(packed, response),
            None => response,
        })
    }

    /// The answer of whoever has it, changed on its way as the route says.
    ///
    /// What most requests pass by is boxed, here and below: each connection has room for the largest of
    /// what may happen to its request, and fetches it from memory as the turn comes to it.
    async fn procure(
        &self,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let route = Arc::clone(&exchange.route);
        match &route.transform {
            None => self.act(&route, exchange, record).await,
            Some(transform) => {
                Box::pin(self.transformed(transform, &route, exchange, record)).await
            }
        }
    }

    async fn transformed(
        &self,
        transform: &Transform,
        route: &Route,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let Exchange { ask, body, .. } = exchange;
        let has = transform.request(&mut ask.headers, body).await?;
        let method = exchange.ask.method.clone();
        let response = self.act(route, exchange, record).await?;
        transform.answer(has, &method, response).await
    }

    /// Does what the route is for.
    async fn act(
        &self,
        route: &Route,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        match &route.action {
            Action::Redirect(redirect) => respond::redirect(redirect, exchange),
            Action::Respond(options) => Ok(respond::fixed(options)),
            Action::Forward(split) => self.forward(split, route, exchange, record).await,
            Action::Aggregate(aggregate) => {
                Box::pin(self.aggregated(aggregate, exchange, record)).await
            }
        }
    }

    async fn forward(
        &self,
        split: &Split,
        route: &Route,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let chosen = choose::choose(split, exchange, &*self.rng);
        record.side(&chosen);
        headers::prepare(exchange, record);
        let copying = self.copy(route, exchange);
        let response = match &route.fallback {
            None => self.send_judged(&chosen, exchange, record).await,
            Some(fallback) => Box::pin(self.obtain(&chosen, fallback, exchange, record)).await,
        };
        spare::give(std::mem::take(&mut exchange.ask.headers));
        match copying {
            Some(copying) => response.map(|response| copying.watch(response)),
            None => response,
        }
    }

    async fn inject(&self, fault: &crate::config::FaultOptions) -> Result<(), Problem> {
        if strikes(fault.delay_percent, &*self.rng) {
            self.clock.sleep(fault.delay).await;
        }
        let status = fault.abort_status.and_then(|status| http::StatusCode::from_u16(status).ok());
        match status {
            Some(status) if strikes(fault.abort_percent, &*self.rng) => {
                Err(Problem::Aborted(status))
            }
            _ => Ok(()),
        }
    }
}

/// The route that takes a request; for a browser's question before it sends, that of what it asks about.
/// Whether it is such a question.
fn find<'a>(snapshot: &'a Snapshot, seen: &Seen<'_>) -> Result<(&'a Arc<Route>, bool), Problem> {
    if let Some(method) = asked_about(seen.method, seen.headers)
        && let Found::Route(route) = snapshot.table.find(&Seen { method: &method, ..*seen })
        && route.cors.is_some()
    {
        return Ok((route, true));
    }
    match snapshot.table.find(seen) {
        Found::Route(route) => Ok((route, false)),
        Found::OtherMethod => Err(Problem::MethodNotAllowed),
        Found::Nothing => Err(Problem::NoRoute),
    }
}

/// Brings a request into its canonical form and finds its route. Whether it only asks about another.
fn enter(
    core: &Core,
    snapshot: &Snapshot,
    arrived: Arrived,
    record: &mut Record,
) -> Result<(Exchange, bool), Problem> {
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
        region: snapshot.regions.find(client),
        method: &method,
        host: target.host.name(),
        path: target.path(),
        query: target.query(),
        headers: &headers,
        certificate: peer.certificate.as_ref(),
    };
    let (route, asks_first) = find(snapshot, &seen)?;
    let route = Arc::clone(route);
    if record.begins_whole().is_some() {
        record.trace(&headers);
    }
    record.route(&route);
    if let Some(audit) = &route.audit {
        let (route, time) = (&route.name, core.clock.now());
        let (method, target, headers) = (&method, &target, &headers);
        record.audit = audit.begin(&Begun { time, route, method, target, client, headers })?;
    }
    if body.length().is_some_and(|length| length > route.body_bytes_max) {
        return Err(Problem::BodyTooLarge);
    }
    body.limit(route.body_bytes_max);
    let passed = &snapshot.config.limits.codings_passed;
    let body = inflate::watch(&headers, body, route.body_bytes_max, passed)?;
    let body = record.hear_request(body);
    let upgrade = kept.upgrade.as_ref().filter(|upgrade| {
        let protocol = upgrade.to_str().unwrap_or_default();
        method == Method::GET && route.upgrade.iter().any(|one| one.eq_ignore_ascii_case(protocol))
    });
    if let Some(protocol) = upgrade {
        if !may_upgrade(route.cors.as_ref(), target.host.as_str(), &headers) {
            return Err(Problem::OriginRefused);
        }
        headers.insert(http::header::UPGRADE, protocol.clone());
    }
    if minor >= 2 {
        headers.insert(http::header::HOST, target.host.value().clone());
    }
    let exchange = Exchange {
        ask: Ask { method, headers },
        body,
        target,
        peer,
        client,
        route,
        caller: None,
        upgrade: upgrade.is_some(),
        trailers: kept.trailers,
    };
    Ok((exchange, asks_first))
}
