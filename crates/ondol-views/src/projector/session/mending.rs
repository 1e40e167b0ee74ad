//! What is mended by hand while a view is folded.

use ondol_domain::View;

use super::super::FollowError;
use super::super::repair::{Repair, RepairError};
use super::{RepairUnsettled, Session};
use crate::{SourceCheckpoint, WriteError};

impl<V: View> Session<'_, V> {
    /// Mends something by hand, while nothing else is folded.
    pub(super) async fn repair(&mut self, repair: Repair) -> Result<(), FollowError> {
        self.settle().await?;
        let at: Vec<SourceCheckpoint> = self.committed();
        let Repair { what, answer } = repair;
        let outcome = self.core.repair(&at, what).await;
        let (kept, parked) = self.core.stands().await?;
        let fold = self.fold();
        fold.parked = parked;
        if let Ok(repaired) = &outcome {
            repaired.keys.iter().for_each(|key| fold.arena.forget(key));
        }
        drop(kept);
        let failed = match &outcome {
            Err(RepairError::Failed(error)) if !error.is_worth_retrying() => None,
            Err(RepairError::Failed(_)) => Some(()),
            _ => None,
        };
        // Whoever asked may have gone; what was mended stays mended.
        drop(answer.send(outcome));
        if failed.is_some() {
            // The write may have been made after all: begin anew from what the store has.
            return Err(WriteError::Unknown(Box::new(RepairUnsettled)).into());
        }
        Ok(())
    }
}
