//! The door through which a test makes a write fail, at each place where a process can die.
//!
//! An engine asks at every step of a write. A failure before the commit must leave nothing
//! behind; a failure after it must leave everything, whatever the writer was told.

use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::BoxError;

/// A place in a write at which a process can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Nothing has been changed yet.
    Begun,
    /// Documents and parked keys have been changed, checkpoints have not.
    BeforeCheckpoints,
    /// Everything has been changed, nothing has been committed.
    BeforeCommit,
    /// Everything has been committed, and the writer has not heard of it.
    AfterCommit,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 4] =
        [Self::Begun, Self::BeforeCheckpoints, Self::BeforeCommit, Self::AfterCommit];
}

/// What can go wrong at a step of a write.
pub trait Faults: Debug + Send + Sync + 'static {
    /// Fails if the write is to fail here.
    ///
    /// # Errors
    /// When it is.
    fn at(&self, step: Step) -> Result<(), BoxError>;
}

/// Nothing goes wrong on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _step: Step) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Fails at a step once, when told to: for tests.
#[derive(Debug, Default)]
pub struct FailOnce {
    armed: Mutex<Option<Step>>,
}

/// The failure that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the write was made to fail at {step:?}")]
pub struct Failed {
    /// Where.
    pub step: Step,
}

impl FailOnce {
    /// The next write that comes to this step fails there.
    pub fn arm(&self, step: Step) {
        *self.armed() = Some(step);
    }

    /// Whether the failure is still to come.
    pub fn is_armed(&self) -> bool {
        self.armed().is_some()
    }

    fn armed(&self) -> MutexGuard<'_, Option<Step>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Faults for FailOnce {
    fn at(&self, step: Step) -> Result<(), BoxError> {
        self.armed()
            .take_if(|armed| *armed == step)
            .map_or(Ok(()), |step| Err(Failed { step }.into()))
    }
}
