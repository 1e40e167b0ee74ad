//! The circuit breaker: stops calling what fails, and comes back in steps that must prove themselves.
//!
//! ```text
//!            a criterion is met                 open time is over
//!   closed ----------------------> open ----------------------------> half-open
//!     ^                             ^ ^                                |     |
//!     |                             | |   a probe fails, or hangs      |     |
//!     |                             | +--------------------------------+     |
//!     |                             |                                        |
//!     |   the last step passes      |   a step fails                         | probes succeed
//!     +---------- recovering -------+                                        |
//!                 10 % 50 % 100 %  <------------------------------------------+
//! ```
//!
//! Each state is an *epoch* with a generation number, one immutable object behind one atomic
//! pointer. A call remembers the generation it began in; a result that arrives in another is late
//! and changes nothing. Closed calls and open refusals take no lock; changes of state take one, look
//! again whether they are still due, and put the next epoch in place. A one-word summary of the epoch
//! spares most calls the pointer; it is put in place after the epoch it sums up.
//!
//! Limits: a breaker moves only when calls come; an idle one stays as it is. Calls that are dropped
//! give back what they hold and count as nothing, so a time-out belongs *inside* a breaker.

mod epoch;
mod layer;
mod machine;
mod moves;
mod options;
mod permit;
mod row;
mod state;
mod stuck;

use std::{future::Future, sync::Arc};

use arc_swap::ArcSwap;

use self::{epoch::Epoch, row::Row, state::Counters};
pub use self::{
    layer::{BreakerLayer, Judged},
    options::{
        BreakerOptions, HalfOpenOptions, OpenOptions, RateRule, SlowRule, StepOptions, StuckRule,
    },
    permit::Permit,
    state::{BreakerCounters, BreakerState, Hold, PhaseState},
};
use crate::{
    AnyError, Classify, Doors, Error, Problems, Rejectable, Rejected,
    classify::judge,
    policy::{Core, handle},
    sync::{AtomicU64, Mutex},
};

/// A circuit breaker. Clones are the same breaker.
#[derive(Debug, Clone)]
pub struct Breaker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<BreakerOptions>,
    epoch: ArcSwap<Epoch>,
    /// What of the epoch the fast path needs: see [`Epoch::summary`].
    summary: AtomicU64,
    row: Row,
    moving: Mutex<()>,
    counters: Counters,
}

impl Breaker {
    /// A breaker, closed.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: BreakerOptions, doors: &Doors) -> Result<Self, Problems> {
        let core = Core::new(name, options, doors)?;
        let first = Epoch::first(core.options.load_full(), doors.time.now());
        Ok(Self(Arc::new(Inner {
            core,
            summary: AtomicU64::new(first.summary()),
            epoch: ArcSwap::from_pointee(first),
            row: Row::new(),
            moving: Mutex::new(()),
            counters: Counters::default(),
        })))
    }

    /// Asks to make a call; the permit takes its outcome.
    ///
    /// # Errors
    /// A [`Rejected`] when the breaker does not let it through.
    pub fn acquire(&self) -> Result<Permit, Rejected> {
        Permit::ask(self)
    }

    /// Makes a call through the breaker. Every `Err` is a failure.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the breaker does not let it through, otherwise the call's own.
    pub async fn call<T, E, F>(&self, call: impl FnOnce() -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.through(&AnyError, async || call().await.map_err(Error::Inner)).await
    }

    /// Makes a call through the breaker, keeping the call's error type; `classify` says what its
    /// outcome means.
    ///
    /// # Errors
    /// The call's own, or one made from [`Rejected`] when the breaker does not let it through.
    pub async fn through<T, E, C, F>(&self, classify: &C, call: impl FnOnce() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Rejectable,
        C: Classify<T, E>,
    {
        let permit = self.acquire()?;
        let outcome = call().await;
        permit.finish(judge(classify, &outcome));
        outcome
    }

    /// The layer, with every `Err` a failure; [`BreakerLayer::classify`] changes that.
    pub fn layer(&self) -> BreakerLayer<AnyError> {
        BreakerLayer::new(self.clone())
    }

    fn core(&self) -> &Core<BreakerOptions> {
        &self.0.core
    }
}

handle!(Breaker, BreakerOptions);

#[cfg(test)]
mod tests;
