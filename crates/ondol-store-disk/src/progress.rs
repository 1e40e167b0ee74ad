//! How far the log has come: what is durable, and what has been assigned.

use std::sync::{Condvar, Mutex, MutexGuard};

use ondol_kernel::Position;

use crate::index::End;

/// How far the log has come.
#[derive(Debug)]
pub(crate) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    durable: End,
    /// No position after this one is assigned. It is raised before a group is assigned.
    assigned: Position,
    /// How often what was assigned was taken back.
    taken_back: u64,
    has_ended: bool,
}

impl State {
    /// Whether nothing is on its way to the disk.
    fn is_settled(&self) -> bool {
        self.assigned == self.durable.position
    }
}

impl Progress {
    pub(crate) fn new(durable: End) -> Self {
        let state = State { durable, assigned: durable.position, taken_back: 0, has_ended: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
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
        self.changed.notify_all();
    }

    /// Says what at most is assigned: before a group is assigned, and exactly after it was.
    pub(crate) fn set_assigned(&self, position: Position) {
        self.state().assigned = position;
        self.changed.notify_all();
    }

    pub(crate) fn assigned(&self) -> Position {
        self.state().assigned
    }

    /// Says that something that was assigned was taken back, and what is assigned still.
    pub(crate) fn take_back(&self, position: Position) {
        let mut state = self.state();
        state.taken_back += 1;
        state.assigned = position;
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn times_taken_back(&self) -> u64 {
        self.state().taken_back
    }

    /// Whether nothing is on its way to the disk.
    pub(crate) fn is_settled(&self) -> bool {
        self.state().is_settled()
    }

    /// Nothing will become durable any more.
    pub(crate) fn end(&self) {
        self.state().has_ended = true;
        self.changed.notify_all();
    }

    /// Waits until all that may be assigned by now is durable; false when it never will be.
    pub(crate) fn wait_for_all(&self) -> bool {
        let mut state = self.state();
        let upto = state.assigned;
        while state.durable.position < upto && !state.is_settled() && !state.has_ended {
            state = self.changed.wait(state).expect("nobody panics while holding the progress");
        }
        state.durable.position >= upto || state.is_settled()
    }
}
