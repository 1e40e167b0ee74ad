//! Waiting for a view, also for one that has never answered yet.

use std::time::Duration;

use ondol_doors::Clock;
use ondol_kernel::Position;
use ondol_views::{LoadError, SourceCheckpoint, Target, ViewStore, WaitError};

/// How often it is looked when nothing is heard: what other processes do is not.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until the documents that answer have a log folded in up to a place. A view that does
/// not answer yet is being folded for the first time, and is waited for like any other.
pub(crate) async fn wait_for(
    views: &dyn ViewStore,
    clock: &dyn Clock,
    target: &Target,
    asked: &SourceCheckpoint,
    within: Duration,
) -> Result<(), WaitError> {
    let over = clock.running().saturating_add(within);
    let mut written = views.watch();
    loop {
        written.mark_unchanged();
        let left = over.saturating_sub(clock.running());
        let is_empty = asked.checkpoint.position == Position::START;
        let outcome = if is_empty {
            // Nothing has to be folded in; the view only has to answer.
            views.checkpoints(target).await.map(|_answers| ()).map_err(WaitError::from)
        } else {
            ondol_views::wait_for(views, clock, target, asked, left).await.map(|_reached| ())
        };
        match outcome {
            Err(WaitError::Load(LoadError::UnknownView { .. })) if !left.is_zero() => {}
            Err(WaitError::Load(LoadError::UnknownView { .. })) => {
                let (log, asked) = (asked.source.clone(), asked.checkpoint.position);
                return Err(WaitError::NotMet { log, asked, found: None, within });
            }
            outcome => return outcome,
        }
        tokio::select! {
            // The store holds what it tells through, so it is there as long as the store is.
            _changed = written.changed() => {}
            () = clock.sleep(LOOK_EVERY.min(left)) => {}
        }
    }
}
