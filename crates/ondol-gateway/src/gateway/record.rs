//! What is noted of a request while it is answered.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Response};

use super::Core;
use super::choose::Chosen;
use super::traced::{Ending, Trace};
use crate::audit::Auditing;
use crate::body::Body;
use crate::canonical::Target;
use crate::control::Refusal;
use crate::handle::{Arrived, Peer, Sent};
use crate::policy::{Policies, UnderWay};
use crate::problem::Problem;
use crate::snapshot::Route;
use crate::steer::Side;
use crate::who::Caller;

/// Notes for the meters and, if there is one, the access log.
pub(crate) struct Record {
    began: Duration,
    route: Option<Arc<Route>>,
    reason: Option<&'static str>,
    random: (u64, u64, u64),
    pub(crate) upstream_wait: Duration,
    pub(crate) tries: u32,
    /// What will be written down of it.
    pub(super) audit: Option<Box<Auditing>>,
    under_way: Vec<UnderWay>,
    line: Option<Box<Line>>,
}

/// What only the access log wants to know.
#[derive(Debug)]
pub(crate) struct Line {
    /// None of what never became a request.
    pub(crate) method: Option<Method>,
    pub(crate) target: Option<Target>,
    pub(crate) peer: Arc<Peer>,
    /// Who asks, if he has proved it.
    pub(crate) caller: Option<Caller>,
    pub(crate) detail: Option<String>,
    /// Why a policy that only watches would have refused it.
    pub(crate) observed: Option<&'static str>,
    pub(crate) upstream: Option<Arc<str>>,
    pub(crate) trace: Option<Trace>,
    /// Whether it begins a trace that is written down whole, if somebody listens.
    begins_whole: Option<bool>,
    /// How long it took until there was an answer.
    answered: Option<Duration>,
    pub(crate) fell_back: bool,
    /// The side of a canary, and the candidate's share at that time.
    pub(crate) side: Option<(Side, u8)>,
}

impl Line {
    const fn of(peer: Arc<Peer>, begins_whole: Option<bool>) -> Self {
        Self {
            method: None,
            target: None,
            peer,
            caller: None,
            detail: None,
            observed: None,
            upstream: None,
            trace: None,
            begins_whole,
            answered: None,
            fell_back: false,
            side: None,
        }
    }
}

impl Record {
    pub(super) fn begin(core: &Core, arrived: &Arrived) -> Self {
        let mut record = Self::nameless(core, &arrived.peer);
        if let Some(line) = &mut record.line {
            line.method = Some(arrived.method.clone());
        }
        record
    }

    pub(crate) fn nameless(core: &Core, peer: &Arc<Peer>) -> Self {
        let begins_whole = ondol_trace::begins_whole();
        let wanted = core.log.is_on() || core.refusals.is_on() || begins_whole.is_some();
        let line = wanted.then(|| Box::new(Line::of(Arc::clone(peer), begins_whole)));
        let random = (core.rng.number(), core.rng.number(), core.rng.number());
        Self {
            began: core.clock.running(),
            route: None,
            reason: None,
            random,
            upstream_wait: Duration::ZERO,
            tries: 0,
            audit: None,
            under_way: Vec::new(),
            line,
        }
    }

    /// Listens to the request's body, if it is to be written down.
    pub(super) fn hear_request(&self, body: Body) -> Body {
        match &self.audit {
            Some(auditing) => auditing.hear_request(body),
            None => body,
        }
    }

    /// Listens to the answer, if it is to be written down.
    pub(super) fn hear_answer(&mut self, response: Response<Body>) -> Response<Body> {
        match &mut self.audit {
            Some(auditing) => auditing.hear_answer(response),
            None => response,
        }
    }

    /// Nothing is noted of what the gateway itself asks.
    pub(super) const fn of_errand() -> Self {
        Self {
            began: Duration::ZERO,
            route: None,
            reason: None,
            random: (0, 0, 0),
            upstream_wait: Duration::ZERO,
            tries: 0,
            audit: None,
            under_way: Vec::new(),
            line: None,
        }
    }

    /// Whether a line will be written about it.
    pub(super) const fn is_logged(&self) -> bool {
        self.line.is_some()
    }

    pub(super) fn target(&mut self, target: &Target) {
        if let Some(line) = &mut self.line {
            line.target = Some(target.clone());
        }
    }

    pub(super) fn route(&mut self, route: &Arc<Route>) {
        self.route = Some(Arc::clone(route));
    }

    pub(super) fn refused(&mut self, problem: &Problem) {
        self.reason = Some(problem.code());
        if let Some(line) = &mut self.line {
            line.detail = problem.detail();
        }
    }

    /// Who it is.
    pub(crate) fn caller(&mut self, caller: Option<&Caller>) {
        if let Some(line) = &mut self.line {
            line.caller = caller.cloned();
        }
    }

    /// Those of the route it took.
    pub(super) fn policies(&self) -> Option<&Policies> {
        self.route.as_ref().and_then(|route| route.policies.as_deref())
    }

    /// Lets those see it who look after the gateway.
    pub(super) fn tell_refusal(&self, core: &Core, problem: &Problem) {
        let Some(line) = self.line.as_ref().filter(|_| core.refusals.is_on()) else { return };
        let target = line.target.as_ref();
        core.refusals.note(Refusal {
            at: core.clock.now(),
            route: self.route.as_ref().map(|route| route.name.to_string()),
            client: line.peer.forwarded_for.to_str().unwrap_or_default().to_owned(),
            method: line.method.as_ref().map(Method::to_string),
            host: target.map(|target| target.host.name().to_owned()),
            path: target.map(|target| target.path().to_owned()),
            status: problem.status().as_u16(),
            code: problem.code(),
            detail: problem.detail(),
        });
    }

    /// It is under way, for a policy that counts how many are, until all is done.
    pub(crate) fn is_under_way(&mut self, under_way: UnderWay) {
        self.under_way.push(under_way);
    }

    /// A policy that only watches would have refused it: the first that would is noted.
    pub(crate) fn observed(&mut self, problem: &Problem) {
        if let Some(line) = &mut self.line {
            line.observed.get_or_insert(problem.code());
        }
    }

    pub(super) fn fell_back(&mut self) {
        if let Some(line) = &mut self.line {
            line.fell_back = true;
        }
    }

    pub(super) fn side(&mut self, chosen: &Chosen<'_>) {
        if let (Some(line), Some((canary, side))) = (&mut self.line, chosen.judged) {
            line.side = Some((side, canary.share()));
        }
    }

    pub(super) fn upstream(&mut self, name: &Arc<str>) {
        if let Some(line) = &mut self.line {
            line.upstream = Some(Arc::clone(name));
        }
    }

    /// The trace it is part of.
    pub(super) fn trace(&mut self, headers: &HeaderMap) -> Trace {
        let known = self.line.as_ref().and_then(|line| line.trace);
        let trace = known.unwrap_or_else(|| Trace::of(headers, self));
        if let Some(line) = &mut self.line {
            line.trace = Some(trace);
        }
        trace
    }

    /// Whether a trace that begins with it is written down whole; nothing where nobody listens.
    pub(super) fn begins_whole(&self) -> Option<bool> {
        self.line.as_ref().and_then(|line| line.begins_whole)
    }

    /// It has come this far: there is an answer.
    pub(super) fn answered(&mut self, core: &Core) {
        let Some(line) = self.line.as_mut().filter(|line| line.begins_whole.is_some()) else {
            return;
        };
        line.answered = Some(core.clock.running().saturating_sub(self.began));
    }

    pub(super) const fn random(&self) -> u64 {
        self.random.2
    }

    pub(super) const fn random_wide(&self) -> (u64, u64) {
        (self.random.0, self.random.1)
    }

    pub(super) fn finish(mut self, core: &Core, sent: Sent) {
        let took = core.clock.running().saturating_sub(self.began);
        if let Some(route) = &self.route {
            route.meter.answered(sent.status, took, sent.bytes, sent.complete);
        }
        if let Some(mut auditing) = self.audit.take() {
            auditing.finish(took, sent.complete, self.reason);
        }
        if let Some(line) = &self.line {
            let route = self.route.as_ref().map(|route| &*route.name);
            if line.begins_whole.is_some() {
                self.tell(line, route, took, sent);
            }
            core.log.write(&crate::access_log::Entry {
                time: core.clock.now(),
                line,
                route,
                reason: self.reason,
                sent,
                took,
                upstream_wait: self.upstream_wait,
                tries: self.tries,
            });
        }
    }

    /// Tells whoever listens what became of it.
    fn tell(&self, line: &Line, route: Option<&str>, took: Duration, sent: Sent) {
        // What was refused before it was looked at begins a trace of its own.
        let trace = line.trace.unwrap_or_else(|| Trace::of(&HeaderMap::new(), self));
        let ending = Ending {
            route,
            reason: self.reason,
            sent,
            ago: took,
            long: line.answered.unwrap_or(took),
            upstream_wait: self.upstream_wait,
            tries: self.tries,
        };
        trace.over(line, &ending);
    }
}
