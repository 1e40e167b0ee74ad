//! Whether this process does what only one may do.
//!
//! Whoever does such a thing waits for its turn, a [`Tenure`], begins with what is stored, and
//! leaves off as soon as the tenure is over. A process that was paused hears of the end late, but
//! it knows by its own running clock that the term is over before it does anything more; and what
//! it writes is checked all the same ([`Fence`](crate::Fence)).

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol_doors::Clock;
use tokio::sync::watch;

use crate::Lease;

/// Whether this process does what only one may do. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Duty {
    /// The lease; nothing, where there is no other process.
    under: Option<Held>,
}

/// A time for which this process does it.
#[derive(Debug, Clone)]
pub struct Tenure {
    under: Option<(Held, Lease)>,
}

/// A lease as the one knows it who asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) lease: watch::Receiver<Option<Lease>>,
    pub(crate) term: Term,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How long the clock has to have been running until what was given is over, for all to see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Term(Arc<AtomicU64>);

impl Term {
    pub(crate) fn lasts_until(&self, running: Duration) {
        let nanos = u64::try_from(running.as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanos, Ordering::Release);
    }

    fn is_over(&self, running: Duration) -> bool {
        running >= Duration::from_nanos(self.0.load(Ordering::Acquire))
    }
}

impl Held {
    fn lease_now(&self) -> Option<Lease> {
        if self.term.is_over(self.clock.running()) { None } else { self.lease.borrow().clone() }
    }
}

impl Duty {
    /// There is no other process: this one always does it.
    pub const fn always() -> Self {
        Self { under: None }
    }

    /// This process does it while it holds a lease.
    pub(crate) const fn under(held: Held) -> Self {
        Self { under: Some(held) }
    }

    /// Whether this process does it now.
    pub fn is_on(&self) -> bool {
        self.under.as_ref().is_none_or(|held| held.lease_now().is_some())
    }

    /// The lease, while it is held; there is none where there is no other process.
    pub fn lease(&self) -> Option<Lease> {
        self.under.as_ref().and_then(Held::lease_now)
    }

    /// Waits until it is this process' turn. Once nobody asks for the lease any more, it never is.
    pub async fn begin(&self) -> Tenure {
        let Some(mut held) = self.under.clone() else { return Tenure { under: None } };
        let lease = held.lease.wait_for(Option::is_some).await.ok().and_then(|lease| lease.clone());
        match lease {
            Some(lease) => Tenure { under: Some((held, lease)) },
            None => pending().await,
        }
    }
}

impl Tenure {
    /// Whether other processes may have done it before.
    pub const fn is_shared(&self) -> bool {
        self.under.is_some()
    }

    /// Whether it is over. One that was lost and taken again is another one.
    pub fn is_over(&self) -> bool {
        self.under.as_ref().is_some_and(|(held, lease)| held.lease_now().as_ref() != Some(lease))
    }

    /// Comes to its end when the tenure does.
    pub async fn over(&self) {
        let Some((held, lease)) = &self.under else { return pending().await };
        let mut told = held.lease.clone();
        // Whoever asked for the lease may have gone: then nobody renews it.
        drop(told.wait_for(|now| now.as_ref() != Some(lease)).await);
    }
}
