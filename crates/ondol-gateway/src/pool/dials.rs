//! Making connections for many who want one at the same moment.
//!
//! A kernel holds few connections for a server that is slow to take them, and turns the others away
//! for a second or more. So few are made at a time; whoever waits for one takes an older one instead
//! if that comes back first.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// Connections being made to an instance at a time, on each worker.
const DIALS_MAX: usize = 32;

/// Who makes connections, and who waits for that.
#[derive(Debug)]
pub(super) struct Dials {
    places: Semaphore,
    waiting: AtomicUsize,
    back: Notify,
}

impl Default for Dials {
    fn default() -> Self {
        let places = Semaphore::new(DIALS_MAX);
        Self { places, waiting: AtomicUsize::new(0), back: Notify::new() }
    }
}

/// What was worth waiting for.
pub(super) enum Turn<'a, T> {
    /// Something that has come back.
    Back(T),
    /// Leave to make a connection, while this is held.
    Dial(SemaphorePermit<'a>),
}

impl Dials {
    /// Waits for leave to make a connection, or for `back` to have something.
    pub(super) async fn turn<T>(&self, back: impl Fn() -> Option<T>) -> Option<Turn<'_, T>> {
        let _waiting = Waiting::new(&self.waiting);
        loop {
            tokio::select! {
                place = self.places.acquire() => {
                    let place = place.ok()?;
                    return Some(back().map_or(Turn::Dial(place), Turn::Back));
                }
                () = self.back.notified() => {
                    if let Some(back) = back() {
                        return Some(Turn::Back(back));
                    }
                }
            }
        }
    }

    /// Something has come back.
    pub(super) fn tell(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.back.notify_one();
        }
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
