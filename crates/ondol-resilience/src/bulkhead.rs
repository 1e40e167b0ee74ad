//! Bulkhead: so many calls at once, a bounded queue behind them, the more important first.
//!
//! While there is room, entering is one compare-and-swap. In the queue a higher priority goes first
//! and, of the same, whoever came first; a full queue lets a higher priority take the place of the
//! last of a lower one. A call leaves the queue when its wait or its deadline is over, or when it
//! is dropped.
//!
//! Limit: low priority may wait for as long as higher ones keep coming; `wait_max` ends it.

mod entering;
pub(crate) mod gate;
mod layer;

use std::{future::Future, sync::Arc, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use self::gate::Gate;
pub use self::{
    entering::Entering,
    layer::{BulkheadCall, BulkheadLayer, BulkheadService},
};
use crate::{
    Context, Doors, Error, Mode, Problems, Reason, Rejected,
    counters::Counter,
    policy::{Core, handle},
};

/// How many calls at once, and how many may wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkheadOptions {
    /// How far it may go.
    pub mode: Mode,
    /// The most calls at once.
    pub calls_max: u32,
    /// The most calls that wait; 0: none does.
    pub queue_max: u32,
    /// The longest that a call waits.
    #[serde(with = "human::required")]
    pub wait_max: Duration,
}

impl Default for BulkheadOptions {
    fn default() -> Self {
        Self { mode: Mode::Enforce, calls_max: 64, queue_max: 64, wait_max: Duration::from_secs(1) }
    }
}

impl BulkheadOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.range("calls_max", self.calls_max, 1, 1_000_000);
        problems.range("queue_max", self.queue_max, 0, 1_000_000);
        if self.queue_max > 0 {
            problems.some_time("wait_max", self.wait_max);
        }
        problems.into_result()
    }
}

/// A bulkhead as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkheadState {
    /// Calls that are in.
    pub calls: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// Calls that were let in, at once or after a wait.
    pub entered: u64,
    /// Calls that had to wait.
    pub waited: u64,
    /// Calls that found it full, or were displaced by a more important one.
    pub rejected: u64,
    /// Calls that waited too long.
    pub timed_out: u64,
    /// Calls that would not have been let in at once, were it not only observing.
    pub would_reject: u64,
}

/// A bulkhead. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Bulkhead(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<BulkheadOptions>,
    gate: Gate,
    entered: Counter,
    waited: Counter,
    rejected: Counter,
    timed_out: Counter,
    would_reject: Counter,
}

/// A place in a bulkhead, given back when dropped.
#[derive(Debug)]
#[must_use = "a place that is dropped at once keeps nobody out"]
pub struct Place(Option<Bulkhead>);

impl Bulkhead {
    /// An empty bulkhead.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: BulkheadOptions, doors: &Doors) -> Result<Self, Problems> {
        let gate = Gate::new(options.calls_max);
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            gate,
            entered: Counter::default(),
            waited: Counter::default(),
            rejected: Counter::default(),
            timed_out: Counter::default(),
            would_reject: Counter::default(),
        })))
    }

    /// Asks for a place, waiting in the queue if there is none, by the priority and the deadline of
    /// the context.
    pub fn enter(&self, context: &Context) -> Entering {
        Entering::new(self.clone(), context.priority, context.deadline)
    }

    /// Makes a call in the bulkhead.
    ///
    /// # Errors
    /// [`Error::Rejected`] when there is no place for it, otherwise the call's own.
    pub async fn call<T, E, F>(
        &self,
        context: &Context,
        call: impl FnOnce() -> F,
    ) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let _place = self.enter(context).await?;
        call().await.map_err(Error::Inner)
    }

    /// The layer.
    pub fn layer(&self) -> BulkheadLayer {
        BulkheadLayer::new(self.clone())
    }

    /// The bulkhead as it is now.
    pub fn state(&self) -> BulkheadState {
        let (calls, waiting) = self.0.gate.load();
        BulkheadState {
            calls,
            waiting,
            entered: self.0.entered.get(),
            waited: self.0.waited.get(),
            rejected: self.0.rejected.get(),
            timed_out: self.0.timed_out.get(),
            would_reject: self.0.would_reject.get(),
        }
    }

    fn core(&self) -> &Core<BulkheadOptions> {
        &self.0.core
    }

    fn apply(&self, options: BulkheadOptions) {
        let calls_max = options.calls_max;
        self.0.core.store(Arc::new(options));
        self.0.gate.set_max(calls_max);
    }

    fn reject(&self, reason: Reason) -> Rejected {
        Rejected { policy: Arc::clone(&self.0.core.name), reason, retry_after: None }
    }
}

handle!(Bulkhead, BulkheadOptions);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(bulkhead) = &self.0 {
            bulkhead.0.gate.leave();
        }
    }
}
