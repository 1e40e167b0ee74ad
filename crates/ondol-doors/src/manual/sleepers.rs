//! Who waits for which time. They are woken in the order of their times, and those who wait for
//! one time in the order in which they came: the same each time a test is run.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// When somebody is due, and the number under which they came.
type Place = (Duration, u64);

#[derive(Debug, Default)]
pub(super) struct Sleepers {
    dormitory: Mutex<Dormitory>,
}

#[derive(Debug, Default)]
struct Dormitory {
    now: Duration,
    came: u64,
    asleep: BTreeMap<Place, Option<Waker>>,
}

/// One who waits, until this is dropped.
#[derive(Debug)]
pub(super) struct Sleeper {
    place: Place,
    among: Arc<Sleepers>,
}

impl Sleepers {
    pub(super) fn now(&self) -> Duration {
        self.dormitory().now
    }

    pub(super) fn add(among: &Arc<Self>, duration: Duration) -> Sleeper {
        let mut dormitory = among.dormitory();
        dormitory.came += 1;
        let place = (dormitory.now.saturating_add(duration), dormitory.came);
        dormitory.asleep.insert(place, None);
        drop(dormitory);
        Sleeper { place, among: Arc::clone(among) }
    }

    /// Moves the time on, never back, and wakes those whose time has come.
    pub(super) fn advance(&self, to: impl FnOnce(Duration) -> Duration) {
        let mut dormitory = self.dormitory();
        let now = to(dormitory.now).max(dormitory.now);
        dormitory.now = now;
        let due = dormitory.asleep.range_mut(..=(now, u64::MAX));
        let wakers: Vec<Waker> = due.filter_map(|(_, waker)| waker.take()).collect();
        drop(dormitory);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The first time that somebody waits for. Who waits for one that has come is awake, and has
    /// only not been asked yet.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let dormitory = self.dormitory();
        let after_now = (Excluded((dormitory.now, u64::MAX)), Unbounded);
        dormitory.asleep.range(after_now).next().map(|((due, _), _)| *due)
    }

    fn dormitory(&self) -> MutexGuard<'_, Dormitory> {
        self.dormitory.lock().expect("nobody panics while holding the list")
    }
}

impl Future for Sleeper {
    type Output = ();

    fn poll(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let mut dormitory = self.among.dormitory();
        if dormitory.now >= self.place.0 {
            return Poll::Ready(());
        }
        if let Some(waker) = dormitory.asleep.get_mut(&self.place) {
            *waker = Some(ctx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.among.dormitory().asleep.remove(&self.place);
    }
}
