//! How far the log has come: what is durable, and what has been assigned.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use ondol_kernel::Position;

use crate::index::End;

/// How far the log has come.
#[derive(Debug)]
pub(crate) struct Progress {
    state: Mutex<State>,
    grown: Condvar,
    /// The last position that was assigned; it may not be durable yet.
    assigned: AtomicU64,
    /// How often what was assigned was taken back.
    taken_back: AtomicU64,
}

#[derive(Debug)]
struct State {
    durable: End,
    has_ended: bool,
}

impl Progress {
    pub(crate) fn new(durable: End) -> Self {
        Self {
            state: Mutex::new(State { durable, has_ended: false }),
            grown: Condvar::new(),
            assigned: AtomicU64::new(durable.position.get()),
            taken_back: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the progress")
    }

    /// Where the durable part of the log ends.
    pub(crate) fn durable(&self) -> End {
        self.state().durable
    }

    pub(crate) fn set_durable(&self, end: End) {
        self.state().durable = end;
        self.grown.notify_all();
    }

    pub(crate) fn set_assigned(&self, position: Position) {
        self.assigned.store(position.get(), Ordering::Release);
    }

    pub(crate) fn assigned(&self) -> Position {
        Position::new(self.assigned.load(Ordering::Acquire))
    }

    pub(crate) fn take_back(&self, position: Position) {
        self.taken_back.fetch_add(1, Ordering::AcqRel);
        self.set_assigned(position);
    }

    pub(crate) fn times_taken_back(&self) -> u64 {
        self.taken_back.load(Ordering::Acquire)
    }

    /// Nothing will become durable any more.
    pub(crate) fn end(&self) {
        self.state().has_ended = true;
        self.grown.notify_all();
    }

    /// Waits until a position is durable; false when it never will be.
    pub(crate) fn wait_for(&self, position: Position) -> bool {
        let mut state = self.state();
        while state.durable.position < position && !state.has_ended {
            state = self.grown.wait(state).expect("nobody panics while holding the progress");
        }
        state.durable.position >= position
    }
}
