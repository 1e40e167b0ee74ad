//! The locks and atomics of the concurrent parts, in one place.
//!
//! In the library's own unit tests they are shuttle's, which runs a test under many thread
//! interleavings chosen by seed; everywhere else they are the standard ones. So the unit tests in
//! `src/` are about interleavings only, and all other tests live in `tests/`.

#[cfg(not(test))]
pub(crate) use std::sync::{
    Mutex,
    atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
};

#[cfg(test)]
pub(crate) use shuttle::sync::{
    Mutex,
    atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
};

/// Locks, and goes on with the data of a thread that panicked: every critical section here leaves
/// its data whole at each step, and a policy must not fail all calls because one of them panicked.
macro_rules! lock {
    ($mutex:expr) => {
        $mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    };
}
pub(crate) use lock;
