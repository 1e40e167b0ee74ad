//! A clock that moves only when told: for simulators and for tests without a runtime.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

use super::{Clock, Tick, nanos};

/// A clock that stands still until [`ManualClock::advance`]. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    now: AtomicU64,
    next_sleeper: AtomicU64,
    sleepers: Mutex<BTreeMap<(Tick, u64), Waker>>,
}

impl ManualClock {
    /// A clock at the origin.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves time forward and wakes whoever slept until then, in order of time.
    pub fn advance(&self, by: Duration) {
        let now = Tick(self.0.now.fetch_add(nanos(by), Ordering::AcqRel)).after(by);
        let mut sleepers = self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let still_asleep = sleepers.split_off(&(Tick(now.0.saturating_add(1)), 0));
        let due = std::mem::replace(&mut *sleepers, still_asleep);
        drop(sleepers);
        due.into_values().for_each(Waker::wake);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Tick {
        Tick(self.0.now.load(Ordering::Acquire))
    }

    fn sleep_until(&self, at: Tick) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let sleeper = Sleeper {
            clock: self.clone(),
            key: (at, self.0.next_sleeper.fetch_add(1, Ordering::Relaxed)),
        };
        Box::pin(poll_fn(move |cx| sleeper.poll(cx.waker())))
    }
}

/// A place in the list of sleepers, given up when dropped.
struct Sleeper {
    clock: ManualClock,
    key: (Tick, u64),
}

impl Sleeper {
    fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut sleepers = self.clock.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        // Time is read under the lock, or an advance in between would wake nobody.
        if self.clock.now() >= self.key.0 {
            return Poll::Ready(());
        }
        sleepers.insert(self.key, waker.clone());
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.clock.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
