//! What of a service's own events becomes public, and how it is told.
//!
//! A public event is a translation of an inner one by a pure function, and nothing else goes into
//! it. So the log is the outbox: whatever was published can be published again, the same to the
//! last byte, and there is no second place where it could be lost or differ.

mod untold;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ondol_domain::{
    Codec, DecodeError, EncodeError, Encoded, EventSet, Facts, Problems, Shape, ShapeProblem,
    Source,
};
use ondol_kernel::{Envelope, EventId, EventType, Metadata, Recorded, StreamId, StreamIdError};

use untold::untold;
pub use untold::{UNTOLD, is_untold};

/// Some of a service's own events, and what is told of them.
#[derive(Clone)]
pub struct Publication {
    kind: &'static str,
    service: Option<&'static str>,
    own: Vec<Source>,
    types: Vec<EventType>,
    shapes: Vec<Shape>,
    tell: Tell,
}

type Tell = Arc<dyn Fn(Envelope) -> Result<Vec<Envelope>, TellError> + Send + Sync>;

/// Why an event cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    /// The inner event cannot be read.
    #[error("the event cannot be read")]
    Read(#[from] DecodeError),
    /// What is to be told cannot be written.
    #[error("what is told of the event cannot be written")]
    Write(#[from] EncodeError),
    /// The public events' kind cannot name a stream.
    #[error("what is told of the event cannot be named")]
    Stream(#[from] StreamIdError),
    /// The translation panicked.
    #[error("the translation panicked")]
    Panicked,
}

impl Publication {
    /// Tells of inner events `I` by public events `E`: of each none, one or several.
    ///
    /// # Errors
    /// With everything that is wrong with the shapes of either.
    pub fn of<I: EventSet, E: Facts, Told: IntoIterator<Item = E>>(
        translate: impl Fn(&Recorded<I>) -> Told + Send + Sync + 'static,
    ) -> Result<Self, Problems<ShapeProblem>> {
        let (reader, codec) = (I::reader()?, Codec::<E>::new()?);
        let found = StreamId::new(E::KIND, "any").err().map(ShapeProblem::Stream);
        Problems::none_in(format!("what {:?} tells", E::KIND), found.into_iter().collect())?;
        let own = reader.sources().to_vec();
        let types = own.iter().flat_map(|source| source.types.iter().cloned()).collect();
        let shapes = codec.shapes().to_vec();
        let tell: Tell = Arc::new(move |envelope| {
            let Some(event) = reader.read(envelope)? else { return Ok(Vec::new()) };
            let told = translate(&event).into_iter().enumerate();
            told.map(|(at, told)| public::<E, I>(&event, at, codec.encode(&told)?)).collect()
        });
        Ok(Self { kind: E::KIND, service: E::SERVICE, own, types, shapes, tell })
    }

    /// The kind of thing that is told of.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Which service the public events say they are published by.
    pub const fn service(&self) -> Option<&'static str> {
        self.service
    }

    /// Where the inner events come from.
    pub fn own(&self) -> &[Source] {
        &self.own
    }

    /// The types of the inner events.
    pub fn types(&self) -> &[EventType] {
        &self.types
    }

    /// The shapes of the public events.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Whether an inner event is told of here.
    pub fn tells_of(&self, event: &Envelope) -> bool {
        self.types.contains(&event.event_type)
    }

    /// What is told of an inner event. One that cannot be told is told as such: whoever reads the
    /// feed must neither miss it nor stand still for the sake of all the others.
    pub fn tell(&self, event: Envelope) -> Vec<Envelope> {
        let about = (self.kind, event.position, event.version, event.id, event.stream.clone());
        let time = event.metadata.time;
        let told = catch_unwind(AssertUnwindSafe(|| (self.tell)(event)));
        let outcome = told.unwrap_or(Err(TellError::Panicked));
        outcome.unwrap_or_else(|error| {
            let (kind, position, version, id, stream) = about;
            tracing::error!(%position, %stream, error = ?error, "an event cannot be published");
            untold(kind, position, version, id, &stream, time)
        })
    }
}

/// A public event: what surrounds the inner one surrounds it as well, but for what is found by it
/// and what brought it about, which stays inside.
fn public<E: Facts, I>(
    event: &Recorded<I>,
    at: usize,
    told: Encoded,
) -> Result<Envelope, TellError> {
    let metadata = Metadata {
        command: None,
        causation: Some(event.id.of()),
        tags: Vec::new(),
        ..event.metadata.clone()
    };
    Ok(Envelope {
        position: event.position,
        stream: StreamId::new(E::KIND, event.stream.key())?,
        version: event.version,
        id: told_id(event.id, E::KIND, at),
        event_type: told.event_type,
        schema_version: told.schema_version,
        metadata,
        data: told.payload,
    })
}

/// The id of what is told of an event: the same whenever it is told.
fn told_id(of: EventId, kind: &str, at: usize) -> EventId {
    if at == 0 { EventId::derived(of, kind) } else { EventId::derived(of, &format!("{kind} {at}")) }
}

impl fmt::Debug for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publication").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
