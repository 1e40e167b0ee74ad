//! Reading what one has written: waiting for a view to have folded it in, within a time.

use std::time::Duration;

use ondol_doors::Clock;

use crate::{
    Checkpoint, CheckpointFault, LoadError, SourceCheckpoint, SourceName, Target, ViewStore,
    checkpoint_of,
};

/// How often the store is asked when nothing is heard: writes of other processes are not.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Why a view is not known to have folded in what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time was over. What was asked for may be folded in any moment.
    #[error("{log} was to be folded up to {asked} within {within:?}, found {}", .found.map_or(0, |found| found.position.get()))]
    NotMet {
        /// Which log.
        log: SourceName,
        /// Up to where.
        asked: ondol_kernel::Position,
        /// Up to where it was folded when the time was over.
        found: Option<Checkpoint>,
        /// How long was waited.
        within: Duration,
    },
    /// What was asked for is of another life of the log.
    #[error("the place that was asked for is not in the log that is folded")]
    Fault(#[from] CheckpointFault),
    /// The store could not be asked.
    #[error("the view could not be asked how far it is folded")]
    Load(#[from] LoadError),
}

impl WaitError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotMet { .. } => "view-not-caught-up",
            Self::Fault(fault) => fault.code(),
            Self::Load(error) => error.code(),
        }
    }
}

/// Waits until a view has a log folded in up to a place, but not longer than so long.
///
/// # Errors
/// When that was not so within the time, or can never be.
pub async fn wait_for(
    views: &dyn ViewStore,
    clock: &dyn Clock,
    target: &Target,
    asked: &SourceCheckpoint,
    within: Duration,
) -> Result<Checkpoint, WaitError> {
    let mut over = clock.sleep(within);
    let mut written = views.watch();
    loop {
        written.mark_unchanged();
        let answered = views.checkpoints(target).await;
        let unknown = match answered {
            // A view that is being built for the first time is not known until it serves.
            Err(error @ LoadError::UnknownView { .. }) => Err(error),
            other => Ok(other?.1),
        };
        let found = unknown.as_ref().ok().and_then(|all| checkpoint_of(all, &asked.source));
        if let Some(found) = found {
            if found.epoch != asked.checkpoint.epoch {
                let (log, folded) = (asked.source.clone(), found.epoch);
                let found = asked.checkpoint.epoch;
                return Err(CheckpointFault::OtherLog { log, folded, found }.into());
            }
            if found.position >= asked.checkpoint.position {
                return Ok(found);
            }
        }
        tokio::select! {
            () = &mut over => {
                unknown?;
                let (log, asked) = (asked.source.clone(), asked.checkpoint.position);
                return Err(WaitError::NotMet { log, asked, found, within });
            }
            // The store holds what it tells through, so it is there as long as the store is.
            _changed = written.changed() => {}
            () = clock.sleep(ASK_EVERY) => {}
        }
    }
}
