//! Keeping how far a run has come, and what is parked.

use ondol_views::{Advance, Checkpoint, Parking, WriteError};

use super::Session;
use crate::error_chain;

/// How often a checkpoint is written again before all begins anew.
const SAVES_MAX: u32 = 8;

impl Session<'_> {
    /// Keeps how far it has come, and what is parked.
    pub(super) async fn save(&mut self) -> Result<(), String> {
        let mut advances = Vec::new();
        for at in 0..self.names.len() {
            let Some(epoch) = self.epochs[at] else { continue };
            let to = Checkpoint { epoch, position: self.marks[at].low_water() };
            if self.saved[at] != Some(to) {
                let (source, from) = (self.names[at].clone(), self.saved[at]);
                advances.push(Advance { source, from, to });
            }
        }
        if advances.is_empty() && self.parking.is_empty() {
            return Ok(());
        }
        let parking = std::mem::take(&mut self.parking);
        self.write(&advances, &parking).await?;
        for Advance { source, to, .. } in advances {
            if let Some(at) = self.names.iter().position(|name| *name == source) {
                self.saved[at] = Some(to);
            }
        }
        Ok(())
    }

    async fn write(&self, advances: &[Advance], parking: &[Parking]) -> Result<(), String> {
        let attending = &self.dealing.attending;
        let mut failures = 0;
        loop {
            let saving = self.dealing.book.save(advances.to_vec(), parking.to_vec());
            let error = match saving.await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            failures += 1;
            let may_pass = matches!(error, WriteError::Full(_) | WriteError::Unavailable(_));
            if !may_pass || failures >= SAVES_MAX {
                return Err(error_chain(&error));
            }
            attending.clock.sleep(attending.options.pause(failures)).await;
        }
    }
}
