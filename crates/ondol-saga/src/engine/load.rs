//! How a saga stands, out of its stream.

use ondol_domain::{DecodeError, Impossible};
use ondol_kernel::{Envelope, Recorded, StreamId, Version};
use ondol_store::{ReadError, ReadStream};

use super::record::Recorder;
use crate::{Fact, Instance, TimelineEntry, told};

/// How many facts are read at a time.
const PAGE_EVENTS: usize = 500;

/// Why it cannot be said how a saga stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadSagaError {
    /// Its stream cannot be read.
    #[error("the saga's stream cannot be read")]
    Read(#[from] ReadError),
    /// A fact cannot be read.
    #[error("what happened to the saga cannot be read")]
    Decode(#[from] DecodeError),
    /// A fact cannot have happened.
    #[error("what happened to the saga cannot have happened")]
    Impossible(#[from] Impossible),
}

impl LoadSagaError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Decode(_) | Self::Impossible(_) => "saga-unreadable",
        }
    }
}

impl Recorder {
    /// How a saga stands; nothing if there is none.
    pub(super) async fn load(&self, stream: &StreamId) -> Result<Option<Instance>, LoadSagaError> {
        let mut instance: Option<Instance> = None;
        let mut from = Version::new(1);
        loop {
            let page = self.page(stream, from).await?;
            let is_last = page.len() < PAGE_EVENTS;
            for event in page {
                from = event.version.next();
                instance = Some(folded(instance, &self.codec.read(event)?)?);
            }
            if is_last {
                return Ok(instance);
            }
        }
    }

    /// Folds in what others have recorded since.
    pub(super) async fn catch_up(&self, instance: &mut Instance) -> Result<(), LoadSagaError> {
        loop {
            let page = self.page(&instance.stream, instance.version.next()).await?;
            let is_last = page.len() < PAGE_EVENTS;
            for event in page {
                let event = self.codec.read(event)?;
                instance.apply(&event.data, event.metadata.time)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// All that has happened to a saga, in the words of people.
    pub(super) async fn timeline(
        &self,
        stream: &StreamId,
    ) -> Result<Vec<TimelineEntry>, LoadSagaError> {
        let mut entries = Vec::new();
        let mut from = Version::new(1);
        loop {
            let page = self.page(stream, from).await?;
            let is_last = page.len() < PAGE_EVENTS;
            for event in page {
                from = event.version.next();
                let known = serde_json::from_slice(&event.data.bytes).unwrap_or_default();
                entries.push(entry(&self.codec.read(event)?, known));
            }
            if is_last {
                return Ok(entries);
            }
        }
    }

    async fn page(&self, stream: &StreamId, from: Version) -> Result<Vec<Envelope>, LoadSagaError> {
        let read = ReadStream::forward(stream.clone(), PAGE_EVENTS).from(from);
        Ok(self.ground.store.read_stream(read).await?)
    }
}

fn folded(instance: Option<Instance>, event: &Recorded<Fact>) -> Result<Instance, Impossible> {
    match instance {
        None => Instance::begin(event.stream.clone(), &event.data, &event.metadata),
        Some(mut instance) => {
            instance.apply(&event.data, event.metadata.time)?;
            Ok(instance)
        }
    }
}

fn entry(event: &Recorded<Fact>, fact: serde_json::Value) -> TimelineEntry {
    TimelineEntry {
        time: event.metadata.time,
        event: event.id,
        kind: event.event_type.to_string(),
        step: crate::instance::step_of(&event.data).map(str::to_owned),
        told: told(&event.data),
        fact,
    }
}
