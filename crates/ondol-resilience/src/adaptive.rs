//! Adaptive concurrency: finds by itself how many calls at once a service bears.
//!
//! What answers take is compared with what they usually take when there is no queue. As long as the
//! two are near, the limit grows by its square root; when answers take longer, it shrinks by the
//! ratio, and when calls fail for want of capacity it shrinks at once. It only grows while it is
//! used: an idle service says nothing about what it bears. Under lasting full load it is halved for a
//! moment now and then, to see whether what is usual has changed.
//!
//! Limits: it needs calls of a kind; a mixture of very short and very long ones teaches it nothing.
//! It does not queue; put a bulkhead before it where waiting is wanted.

mod gradient;

use std::{sync::Arc, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use self::gradient::{Gradient, Sample};
use crate::{
    Admit, AnyError, Classify, Doors, Guard, Mode, Outcome, Problems, Reason, Rejectable, Rejected,
    Tick, What,
    bulkhead::gate::Gate,
    classify::judge,
    counters::Counter,
    guard::guard_layer,
    policy::{Core, handle},
    sync::{Mutex, lock},
};

/// Within what bounds, and how quickly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveOptions {
    /// How far it may go.
    pub mode: Mode,
    /// The limit to begin with.
    pub limit_start: u32,
    /// The limit never falls below this.
    pub limit_min: u32,
    /// And never rises above this.
    pub limit_max: u32,
    /// Answers may take longer than usual by this factor before the limit shrinks.
    pub tolerance: f64,
    /// How much of a new limit is taken over at each step; 1: all of it.
    pub smoothing: f64,
    /// The limit moves at most once in this time …
    #[serde(with = "human::required")]
    pub every: Duration,
    /// … and not before this many answers.
    pub samples_min: u32,
}

impl Default for AdaptiveOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            limit_start: 20,
            limit_min: 5,
            limit_max: 1_000,
            tolerance: 1.5,
            smoothing: 0.2,
            every: Duration::from_millis(100),
            samples_min: 10,
        }
    }
}

impl AdaptiveOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.positive("limit_min", self.limit_min);
        problems.range("limit_max", self.limit_max, 1, 1_000_000);
        if self.limit_min > self.limit_max {
            problems.add("limit_min", "must not be above `limit_max`");
        } else if !(self.limit_min..=self.limit_max).contains(&self.limit_start) {
            problems.add("limit_start", "must lie between `limit_min` and `limit_max`");
        }
        problems.factor("tolerance", self.tolerance, 1.0);
        problems.share("smoothing", self.smoothing);
        problems.some_time("every", self.every);
        problems.positive("samples_min", self.samples_min);
        problems.into_result()
    }
}

/// An adaptive limit as it is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdaptiveState {
    /// The limit.
    pub limit: u32,
    /// Calls that are in.
    pub calls: u32,
    /// What answers usually take.
    #[serde(with = "human::optional")]
    pub usual: Option<Duration>,
    /// Calls that were let in.
    pub admitted: u64,
    /// Calls that were rejected.
    pub rejected: u64,
    /// Calls that would have been rejected, were it not only observing.
    pub would_reject: u64,
}

/// An adaptive limit. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Adaptive(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<AdaptiveOptions>,
    gate: Gate,
    gradient: Mutex<Gradient>,
    admitted: Counter,
    rejected: Counter,
    would_reject: Counter,
}

/// A call that is in. Dropped without [`InFlight::finish`], it says nothing.
#[derive(Debug)]
#[must_use = "a call that is dropped at once says nothing"]
pub struct InFlight {
    adaptive: Option<Adaptive>,
    began: Tick,
}

impl Adaptive {
    /// A limit at its start.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: AdaptiveOptions, doors: &Doors) -> Result<Self, Problems> {
        let gate = Gate::new(options.limit_start);
        let gradient = Gradient::new(options.limit_start, doors.time.now());
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            gate,
            gradient: Mutex::new(gradient),
            admitted: Counter::default(),
            rejected: Counter::default(),
            would_reject: Counter::default(),
        })))
    }

    /// Lets a call in, or not.
    ///
    /// # Errors
    /// A [`Rejected`] when as many are in as the service bears.
    pub fn enter(&self) -> Result<InFlight, Rejected> {
        let inner = &*self.0;
        let mode = inner.core.options.load().mode;
        if mode == Mode::Off {
            return Ok(InFlight { adaptive: None, began: Tick::ZERO });
        }
        if inner.gate.try_enter() {
            inner.admitted.add_one();
            let began = inner.core.doors.time.now();
            return Ok(InFlight { adaptive: Some(self.clone()), began });
        }
        if mode == Mode::Observe {
            inner.would_reject.add_one();
            return Ok(InFlight { adaptive: None, began: Tick::ZERO });
        }
        inner.rejected.add_one();
        Err(Rejected {
            policy: Arc::clone(&inner.core.name),
            reason: Reason::ConcurrencyLimited,
            retry_after: None,
        })
    }

    /// Makes a call within the limit; `classify` says what its outcome means.
    ///
    /// # Errors
    /// The call's own, or one made from [`Rejected`].
    pub async fn through<T, E, C, F>(&self, classify: &C, call: impl FnOnce() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Rejectable,
        C: Classify<T, E>,
    {
        let in_flight = self.enter()?;
        let outcome = call().await;
        in_flight.finish(judge(classify, &outcome).outcome);
        outcome
    }

    /// The layer, with every `Err` a failure; [`AdaptiveLayer::classify`] changes that.
    pub fn layer(&self) -> AdaptiveLayer<AnyError> {
        AdaptiveLayer { adaptive: self.clone(), classify: AnyError }
    }

    /// The limit as it is now.
    pub fn state(&self) -> AdaptiveState {
        let gradient = lock!(self.0.gradient);
        AdaptiveState {
            limit: gradient.limit(),
            calls: self.0.gate.load().0,
            usual: gradient.usual(),
            admitted: self.0.admitted.get(),
            rejected: self.0.rejected.get(),
            would_reject: self.0.would_reject.get(),
        }
    }

    fn learn(&self, began: Tick, outcome: Outcome) {
        let inner = &*self.0;
        let now = inner.core.doors.time.now();
        let options = inner.core.options.load();
        let sample = Sample {
            now,
            took: now.since(began),
            in_flight: inner.gate.load().0,
            overloaded: matches!(outcome, Outcome::Failure | Outcome::Throttled),
        };
        let mut gradient = lock!(inner.gradient);
        if let Some((from, to)) = gradient.take(&options, sample) {
            inner.gate.set_max(to);
            inner.core.tell(What::LimitMoved { from: from.into(), to: to.into() });
        }
    }

    fn core(&self) -> &Core<AdaptiveOptions> {
        &self.0.core
    }

    fn apply(&self, options: AdaptiveOptions) {
        let mut gradient = lock!(self.0.gradient);
        gradient.keep_within(&options);
        self.0.gate.set_max(gradient.limit());
        self.0.core.store(Arc::new(options));
    }
}

handle!(Adaptive, AdaptiveOptions);

impl InFlight {
    /// Says what came of the call.
    pub fn finish(self, outcome: Outcome) {
        if let Some(adaptive) = &self.adaptive
            && outcome != Outcome::Ignored
        {
            adaptive.learn(self.began, outcome);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(adaptive) = &self.adaptive {
            adaptive.0.gate.leave();
        }
    }
}

/// Puts an adaptive limit before services.
#[derive(Debug, Clone)]
pub struct AdaptiveLayer<C> {
    adaptive: Adaptive,
    classify: C,
}

impl<C> AdaptiveLayer<C> {
    /// The same, with the caller's own view of what an outcome means.
    pub fn classify<D>(self, classify: D) -> AdaptiveLayer<D> {
        AdaptiveLayer { adaptive: self.adaptive, classify }
    }
}

guard_layer!(AdaptiveLayer<C>);

impl<R, C: Clone> Admit<R> for AdaptiveLayer<C> {
    type Guard = Measured<C>;

    fn admit(&self, _: &R) -> Result<Measured<C>, Rejected> {
        Ok(Measured { in_flight: self.adaptive.enter()?, classify: self.classify.clone() })
    }
}

/// A call that is in, and what its outcome will mean.
#[derive(Debug)]
pub struct Measured<C> {
    in_flight: InFlight,
    classify: C,
}

impl<T, E: Rejectable, C: Classify<T, E>> Guard<T, E> for Measured<C> {
    fn done(self, outcome: &Result<T, E>) {
        self.in_flight.finish(judge(&self.classify, outcome).outcome);
    }
}
