//! What is known of each endpoint, and a call on its way to one.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use super::{Balancer, BalancerOptions, Endpoint, load::Load};
use crate::{
    Outcome, Outlier, Tick, Verdict,
    counters::Counter,
    outlier::Host,
    sync::{Mutex, lock},
};

/// The endpoints of a balancer at one time.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) list: Vec<Arc<Member>>,
    /// What smooth weighting has saved up for each.
    pub(super) saved: Mutex<Vec<f64>>,
}

/// An endpoint and what is known of it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) endpoint: Endpoint,
    /// Of its name: the same in every process, so that a key goes to the same endpoint from all.
    pub(super) hash: u64,
    pub(super) known: Arc<Known>,
    pub(super) host: Arc<Host>,
}

/// What stays known of an endpoint when its weight or its zone changes.
#[derive(Debug)]
pub(super) struct Known {
    /// Since when its share grows, in the clock's nanoseconds.
    since: AtomicU64,
    ill: AtomicBool,
    pub(super) in_flight: AtomicU32,
    pub(super) load: Mutex<Load>,
    picked: Counter,
}

/// An endpoint as it is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointState {
    /// Its name.
    pub name: String,
    /// Whether it is out of the rotation.
    pub out: bool,
    /// Whether it is out because it was found to be ill.
    pub ill: bool,
    /// Calls on their way to it.
    pub in_flight: u32,
    /// Calls that were sent to it.
    pub picked: u64,
    /// Its latency as last known, in seconds.
    pub latency_seconds: Option<f64>,
    /// The share of its latest calls that failed, the last ones weighing most.
    pub failing: f64,
}

impl Members {
    pub(super) fn new(
        options: &BalancerOptions,
        outlier: &Outlier,
        old: Option<&Self>,
        now: Tick,
    ) -> Self {
        let names: Vec<Arc<str>> =
            options.endpoints.iter().map(|endpoint| endpoint.name.as_str().into()).collect();
        let list: Vec<_> = options
            .endpoints
            .iter()
            .zip(outlier.watch(&names))
            .map(|(endpoint, host)| {
                let before = old.and_then(|old| old.known(&endpoint.name));
                Arc::new(Member::new(endpoint.clone(), before, host, now))
            })
            .collect();
        let saved = Mutex::new(vec![0.0; list.len()]);
        Self { list, saved }
    }

    fn known(&self, name: &str) -> Option<Arc<Known>> {
        let member = self.list.iter().find(|member| member.endpoint.name == name)?;
        Some(Arc::clone(&member.known))
    }
}

impl Known {
    pub(super) fn is_ill(&self) -> bool {
        self.ill.load(Ordering::Acquire)
    }

    pub(super) fn set_ill(&self, ill: bool, now: Tick) {
        if self.ill.load(Ordering::Acquire) && !ill {
            self.since.store(now.as_nanos(), Ordering::Relaxed);
        }
        self.ill.store(ill, Ordering::Release);
    }
}

impl Member {
    fn new(endpoint: Endpoint, before: Option<Arc<Known>>, host: Arc<Host>, now: Tick) -> Self {
        let mut hasher = DefaultHasher::new();
        endpoint.name.hash(&mut hasher);
        let known = before.unwrap_or_else(|| {
            Arc::new(Known {
                since: AtomicU64::new(now.as_nanos()),
                ill: AtomicBool::new(false),
                in_flight: AtomicU32::new(0),
                load: Mutex::new(Load::default()),
                picked: Counter::default(),
            })
        });
        Self { endpoint, hash: hasher.finish(), known, host }
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.known.in_flight.load(Ordering::Acquire)
    }

    /// Its weight, less as long as it is new.
    pub(super) fn weight(&self, slow_start: Duration, now: Tick) -> f64 {
        const SHARE_AT_FIRST: f64 = 0.1;
        let weight = f64::from(self.endpoint.weight);
        let since = Tick::from_nanos(self.known.since.load(Ordering::Relaxed));
        let age = now.since(since);
        if age >= slow_start || since == Tick::ZERO {
            return weight;
        }
        weight * (age.as_secs_f64() / slow_start.as_secs_f64()).max(SHARE_AT_FIRST)
    }

    pub(super) fn state(&self, out: bool) -> EndpointState {
        let load = lock!(self.known.load);
        EndpointState {
            name: self.endpoint.name.clone(),
            out,
            ill: self.known.is_ill(),
            in_flight: self.in_flight(),
            picked: self.known.picked.get(),
            latency_seconds: load.latency,
            failing: load.failing,
        }
    }
}

/// A call on its way to an endpoint. Dropped without [`Pick::finish`], it counts as nothing.
#[derive(Debug)]
#[must_use = "a pick that is dropped at once counts as nothing"]
pub struct Pick {
    balancer: Balancer,
    member: Arc<Member>,
    began: Tick,
}

impl Pick {
    pub(super) fn begin(balancer: Balancer, member: Arc<Member>, began: Tick) -> Self {
        member.known.in_flight.fetch_add(1, Ordering::AcqRel);
        member.known.picked.add_one();
        Self { balancer, member, began }
    }

    /// The endpoint that was chosen.
    pub fn endpoint(&self) -> &Endpoint {
        &self.member.endpoint
    }

    pub(super) fn hash(&self) -> u64 {
        self.member.hash
    }

    /// Says what came of the call.
    pub fn finish(self, verdict: Verdict) {
        let inner = &*self.balancer.0;
        if verdict.outcome != Outcome::Ignored {
            let now = inner.core.doors.time.now();
            let options = inner.core.options.load();
            let failed = verdict.outcome != Outcome::Success;
            lock!(self.member.known.load).take(&options, now, now.since(self.began), failed);
        }
        inner.outlier.report(&self.member.host, verdict);
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.member.known.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
