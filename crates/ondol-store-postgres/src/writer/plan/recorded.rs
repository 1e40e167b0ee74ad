//! Recorded events of another log: checked against this one, and placed where they stood.

use std::collections::HashMap;

use ondol_kernel::{Envelope, Position, Version};
use ondol_store::{Limits, ReplicateError, check_recorded};

use super::{Draft, Placed};
use crate::writer::work::RecordedJob;

impl<'a> Draft<'a, '_> {
    /// Checks recorded events and places them; answers where the log ends then.
    pub(super) fn recorded(
        &mut self,
        job: &'a RecordedJob,
        limits: &Limits,
    ) -> Result<Position, ReplicateError> {
        check_recorded(self.head, &job.events, limits)?;
        self.check_streams_and_commands(&job.events)?;
        let mut metadata = job.metadata.iter();
        for effect in job.events.chunk_by(|a, b| a.metadata.command == b.metadata.command) {
            let mut command = effect[0].metadata.command.map(|command| (command, effect.len()));
            for event in effect {
                let (position, stands) = self.draw(&event.stream);
                self.put(Placed {
                    position,
                    stream: stands.id,
                    version: stands.version,
                    id: event.id,
                    event_type: &event.event_type,
                    schema_version: event.schema_version.get(),
                    tags: &event.metadata.tags,
                    metadata: metadata.next().expect("each event comes with its metadata"),
                    data: &event.data,
                    effect: command.take(),
                });
            }
        }
        Ok(self.head)
    }

    fn check_streams_and_commands(&self, events: &[Envelope]) -> Result<(), ReplicateError> {
        let mut versions = HashMap::new();
        for event in events {
            let before = versions.entry(&event.stream).or_insert_with(|| {
                self.standing(&event.stream).map_or(Version::EMPTY, |stands| stands.version)
            });
            let expected = before.next();
            if event.version != expected {
                let (stream, found) = (event.stream.clone(), event.version);
                return Err(ReplicateError::VersionOutOfOrder { stream, expected, found });
            }
            *before = expected;
            if let Some(command) = event.metadata.command.filter(|id| self.outcome(*id).is_some()) {
                return Err(ReplicateError::CommandInPieces { command });
            }
        }
        Ok(())
    }
}
