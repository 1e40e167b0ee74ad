//! Outlier detection: takes the one bad endpoint of many out of the rotation, for a while.
//!
//! Out goes an endpoint that fails so often in a row, or whose share of successes lies far below that
//! of the others, or whose share of failures is too high. What the endpoint itself answered is kept
//! apart from what went wrong on the way to it: the two rows are counted and limited separately. Each
//! further time it stays out for longer, and each quiet interval takes one such time back. Never
//! more than a share of all is out: with one endpoint, none; with two or three, at the ordinary share,
//! one. If what is left is too little all the same, the balancer says so and ignores health (panic).
//!
//! Limit: it looks at endpoints when calls come; an idle one changes nothing.

mod host;
mod options;
mod sweep;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

pub use self::{
    host::{Host, HostState},
    options::{FailureShareRule, OutlierOptions, SuccessRateRule},
};
use crate::{
    Delivery, Doors, Mode, Outcome, Problems, Tick, Verdict, What,
    counters::Counter,
    policy::{Core, handle},
    sync::{Mutex, lock},
};

/// An outlier detector as it is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlierState {
    /// The endpoints it watches.
    pub hosts: Vec<HostState>,
    /// How often one was taken out.
    pub ejected: u64,
    /// How often one should have been, but too many were out already.
    pub spared: u64,
    /// How often one would have been, were it not only observing.
    pub would_eject: u64,
}

/// An outlier detector. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Outlier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<OutlierOptions>,
    hosts: Mutex<Vec<Arc<Host>>>,
    swept: AtomicU64,
    ejected: Counter,
    spared: Counter,
    would_eject: Counter,
}

impl Outlier {
    /// A detector that watches nobody yet.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: OutlierOptions, doors: &Doors) -> Result<Self, Problems> {
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            hosts: Mutex::new(Vec::new()),
            swept: AtomicU64::new(doors.time.now().as_nanos()),
            ejected: Counter::default(),
            spared: Counter::default(),
            would_eject: Counter::default(),
        })))
    }

    /// Watches exactly these endpoints; those it knows already keep their record.
    pub fn watch(&self, names: &[Arc<str>]) -> Vec<Arc<Host>> {
        let mut hosts = lock!(self.0.hosts);
        let known = |name: &Arc<str>| hosts.iter().find(|host| host.name == *name).cloned();
        let watched: Vec<_> =
            names.iter().map(|name| known(name).unwrap_or_else(|| Host::new(name))).collect();
        hosts.clone_from(&watched);
        watched
    }

    /// Takes the outcome of a call to an endpoint.
    pub fn report(&self, host: &Host, verdict: Verdict) {
        let options = self.0.core.options.load();
        if options.mode == Mode::Off {
            return;
        }
        let now = self.0.core.doors.time.now();
        self.sweep_if_due(&options, now);
        let row = match (verdict.outcome, verdict.delivery) {
            (Outcome::Ignored, _) => return,
            (Outcome::Success, _) => {
                host.succeeded();
                return;
            }
            (Outcome::Throttled, _) => {
                host.count(true);
                return;
            }
            (Outcome::Failure, Delivery::Answered) => {
                let row = host.failed_there();
                options.upstream_failures_in_a_row.filter(|most| row >= *most)
            }
            (Outcome::Failure, Delivery::Unknown | Delivery::NotSent) => {
                let row = host.failed_on_the_way();
                options.local_failures_in_a_row.filter(|most| row >= *most)
            }
        };
        if row.is_some() {
            self.eject(&options, host, now, "failures in a row");
        }
    }

    /// Whether an endpoint is out of the rotation.
    pub fn is_out(&self, host: &Host, now: Tick) -> bool {
        self.enforces() && host.is_out(now)
    }

    pub(crate) fn enforces(&self) -> bool {
        self.0.core.mode() == Mode::Enforce
    }

    /// Takes an endpoint out, unless too many are.
    fn eject(&self, options: &OutlierOptions, host: &Host, now: Tick, because: &'static str) {
        let hosts = lock!(self.0.hosts);
        if host.is_out(now) {
            return;
        }
        let out = hosts.iter().filter(|host| host.is_out(now)).count();
        if out + 1 > options.most_out(hosts.len()) {
            self.0.spared.add_one();
            return;
        }
        if options.mode == Mode::Observe {
            self.0.would_eject.add_one();
            host.forget();
            return;
        }
        let times = host.times_out.fetch_add(1, Ordering::AcqRel) + 1;
        let lasts = options.out_for.saturating_mul(times).min(options.out_for_max);
        host.put_out(now.after(lasts));
        self.0.ejected.add_one();
        self.0.core.tell(What::Ejected { endpoint: host.name.to_string(), because });
    }

    /// The detector as it is now.
    pub fn state(&self) -> OutlierState {
        let now = self.0.core.doors.time.now();
        OutlierState {
            hosts: lock!(self.0.hosts).iter().map(|host| host.state(now)).collect(),
            ejected: self.0.ejected.get(),
            spared: self.0.spared.get(),
            would_eject: self.0.would_eject.get(),
        }
    }

    fn core(&self) -> &Core<OutlierOptions> {
        &self.0.core
    }

    pub(crate) fn apply(&self, options: OutlierOptions) {
        self.0.core.store(Arc::new(options));
    }
}

handle!(Outlier, OutlierOptions);

/// A duration for how long an endpoint is still out.
fn left(until: Tick, now: Tick) -> Option<Duration> {
    (until > now).then(|| until.since(now))
}
