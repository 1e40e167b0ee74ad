//! Hedging: when a call takes longer than most do, a second one races it.
//!
//! The delay is a percentile of what calls have taken lately, so that about the slow few are hedged; a
//! budget bounds them when everything is slow. The first good answer wins and the other call is
//! dropped. Only calls that may be made twice are hedged, and the second goes to another endpoint.
//!
//! Limit: it helps against slow *endpoints*; against a slow dependency behind all of them it only
//! adds load, up to the budget.

mod call;
mod percentile;

use std::{sync::Arc, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};
use tower::Layer;

pub use self::call::{HedgeCall, HedgeService};
use self::percentile::Latencies;
use crate::{
    AnyError, Doors, Mode, Problems,
    budget::{Budget, BudgetOptions, BudgetState},
    counters::Counter,
    policy::{Core, handle},
    sync::{Mutex, lock},
};

/// When to send a second call, and how many in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HedgeOptions {
    /// How far it may go.
    pub mode: Mode,
    /// A call is hedged when it takes longer than this share of calls.
    pub percentile: f64,
    /// The delay as long as too few calls are known.
    #[serde(with = "human::required")]
    pub delay_first: Duration,
    /// The delay is never shorter than this.
    #[serde(with = "human::required")]
    pub delay_min: Duration,
    /// So many calls must be known before the percentile is used.
    pub samples_min: u32,
    /// How many second calls there may be.
    pub budget: BudgetOptions,
}

impl Default for HedgeOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            percentile: 0.95,
            delay_first: Duration::from_millis(500),
            delay_min: Duration::from_millis(1),
            samples_min: 100,
            budget: BudgetOptions { share: 0.1, ..BudgetOptions::default() },
        }
    }
}

impl HedgeOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        if !(self.percentile >= 0.5 && self.percentile < 1.0) {
            problems
                .add("percentile", format!("must be from 0.5 to below 1, is {}", self.percentile));
        }
        problems.some_time("delay_first", self.delay_first);
        problems.some_time("delay_min", self.delay_min);
        problems.positive("samples_min", self.samples_min);
        self.budget.validate(&mut problems);
        problems.into_result()
    }
}

/// A hedging policy as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HedgeState {
    /// After what time a second call is sent.
    #[serde(with = "human::required")]
    pub delay: Duration,
    /// Calls that came.
    pub calls: u64,
    /// Calls that were hedged.
    pub hedged: u64,
    /// Calls whose second call won.
    pub won: u64,
    /// Calls that would have been hedged, were it not only observing.
    pub would_hedge: u64,
    /// Calls that were not hedged because the budget was used up.
    pub out_of_budget: u64,
    /// The budget's window.
    pub budget: BudgetState,
}

/// A hedging policy. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Hedge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<HedgeOptions>,
    latencies: Mutex<Latencies>,
    budget: arc_swap::ArcSwap<Budget>,
    calls: Counter,
    hedged: Counter,
    won: Counter,
    would_hedge: Counter,
    out_of_budget: Counter,
}

impl Hedge {
    /// A hedging policy that knows no calls yet.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: HedgeOptions, doors: &Doors) -> Result<Self, Problems> {
        let budget = Budget::new(&options.budget);
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            latencies: Mutex::new(Latencies::default()),
            budget: arc_swap::ArcSwap::from_pointee(budget),
            calls: Counter::default(),
            hedged: Counter::default(),
            won: Counter::default(),
            would_hedge: Counter::default(),
            out_of_budget: Counter::default(),
        })))
    }

    /// After what time a call is hedged now.
    fn delay(&self) -> Duration {
        let options = self.0.core.options.load();
        let known = lock!(self.0.latencies).percentile(options.percentile, options.samples_min);
        known.unwrap_or(options.delay_first).max(options.delay_min)
    }

    fn began(&self) {
        self.0.calls.add_one();
        self.0.budget.load().earn(self.0.core.doors.time.now());
    }

    fn took(&self, time: Duration) {
        lock!(self.0.latencies).add(time);
    }

    /// Whether a call that is slow may be hedged.
    fn draw(&self) -> bool {
        let inner = &*self.0;
        let options = inner.core.options.load();
        if !inner.budget.load().draw(&options.budget, inner.core.doors.time.now()) {
            inner.out_of_budget.add_one();
            return false;
        }
        if options.mode == Mode::Observe {
            inner.would_hedge.add_one();
            return false;
        }
        inner.hedged.add_one();
        true
    }

    /// The layer, with every `Err` a failure; [`HedgeLayer::classify`] changes that.
    pub fn layer(&self) -> HedgeLayer<AnyError> {
        HedgeLayer { hedge: self.clone(), classify: AnyError }
    }

    /// The policy as it is now.
    pub fn state(&self) -> HedgeState {
        HedgeState {
            delay: self.delay(),
            calls: self.0.calls.get(),
            hedged: self.0.hedged.get(),
            won: self.0.won.get(),
            would_hedge: self.0.would_hedge.get(),
            out_of_budget: self.0.out_of_budget.get(),
            budget: self.0.budget.load().state(self.0.core.doors.time.now()),
        }
    }

    fn core(&self) -> &Core<HedgeOptions> {
        &self.0.core
    }

    fn apply(&self, options: HedgeOptions) {
        if options.budget.window != self.0.core.options.load().budget.window {
            self.0.budget.store(Arc::new(Budget::new(&options.budget)));
        }
        self.0.core.store(Arc::new(options));
    }
}

handle!(Hedge, HedgeOptions);

/// Puts hedging around services.
#[derive(Debug, Clone)]
pub struct HedgeLayer<C> {
    hedge: Hedge,
    classify: C,
}

impl<C> HedgeLayer<C> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> HedgeLayer<D> {
        HedgeLayer { hedge: self.hedge, classify }
    }
}

impl<S, C: Clone> Layer<S> for HedgeLayer<C> {
    type Service = HedgeService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService::new(inner, self.hedge.clone(), self.classify.clone())
    }
}
