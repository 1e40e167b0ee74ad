//! What events from outside do: they start a saga, turn one round, or are what it waits for.

use std::sync::Arc;

use ondol_kernel::{Envelope, Payload, Recorded};

use crate::{DecodeError, EventSet, Reader, Source};

/// What an event from outside does to a saga.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It goes on, with what it now knows.
    GoOn,
    /// It turns round, for this reason: what was done is undone. Past its pivot it goes on.
    Unwind(String),
}

type About = Arc<dyn Fn(Envelope) -> Result<Option<String>, DecodeError> + Send + Sync>;
type Hear<D> = Arc<dyn Fn(&mut D, Envelope) -> Result<Option<Turn>, DecodeError> + Send + Sync>;

/// Events that a saga listens to, and what they do to it.
#[derive(Clone)]
pub struct Listener<D> {
    /// Where the events come from.
    pub sources: Vec<Source>,
    about: About,
    hear: Hear<D>,
}

impl<D: 'static> Listener<D> {
    pub(super) fn new<E: EventSet>(
        reader: Reader<E>,
        about: fn(&E) -> String,
        turn: impl Fn(&mut D, &E) -> Turn + Send + Sync + 'static,
    ) -> Self {
        let sources = reader.sources().to_vec();
        let reader = Arc::new(reader);
        let read = Arc::clone(&reader);
        Self {
            sources,
            about: about_of(read, about),
            hear: Arc::new(move |data, envelope| {
                Ok(reader.read(envelope)?.map(|event| turn(data, &event.data)))
            }),
        }
    }

    /// The identity of the saga that an event is about; nothing if it is not listened to.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn about(&self, event: Envelope) -> Result<Option<String>, DecodeError> {
        (self.about)(event)
    }

    /// What an event does to the saga that knows this; nothing if it is not listened to.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn hear(&self, data: &mut D, event: Envelope) -> Result<Option<Turn>, DecodeError> {
        (self.hear)(data, event)
    }
}

/// What becomes of a step that has heard something.
pub(super) struct Heard {
    pub(super) turn: Turn,
    pub(super) keeps: Option<Result<Payload, serde_json::Error>>,
}

/// What becomes of a step, and what is kept of what it waited for.
pub type Waited = (Turn, Option<Payload>);

/// Why a step cannot hear an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It cannot be read.
    #[error(transparent)]
    Event(#[from] DecodeError),
    /// What is to be kept of it cannot be written.
    #[error("what is to be kept of what has happened cannot be written")]
    Keep(#[from] serde_json::Error),
}

type HearWaiting<D> = Arc<dyn Fn(&D, Envelope) -> Result<Option<Waited>, WaitError> + Send + Sync>;

/// Events that a step waits for.
#[derive(Clone)]
pub struct Wait<D> {
    /// Where the events come from.
    pub sources: Vec<Source>,
    about: About,
    hear: HearWaiting<D>,
}

impl<D: 'static> Wait<D> {
    pub(super) fn new<E: EventSet>(
        reader: Reader<E>,
        about: fn(&E) -> String,
        heard: impl Fn(&D, &E) -> Option<Heard> + Send + Sync + 'static,
    ) -> Self {
        let sources = reader.sources().to_vec();
        let reader = Arc::new(reader);
        let read = Arc::clone(&reader);
        Self {
            sources,
            about: about_of(read, about),
            hear: Arc::new(move |data, envelope| {
                let event = reader.read(envelope)?;
                let Some(Heard { turn, keeps }) = event.and_then(|event| heard(data, &event.data))
                else {
                    return Ok(None);
                };
                Ok(Some((turn, keeps.transpose()?)))
            }),
        }
    }

    /// The identity of the saga that an event is about; nothing if it is not waited for.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn about(&self, event: Envelope) -> Result<Option<String>, DecodeError> {
        (self.about)(event)
    }

    /// What becomes of the step when this has happened; nothing if it is not what was waited for.
    ///
    /// # Errors
    /// When the event cannot be read, or what is kept of it not be written.
    pub fn hear(&self, data: &D, event: Envelope) -> Result<Option<Waited>, WaitError> {
        (self.hear)(data, event)
    }
}

fn about_of<E: EventSet>(reader: Arc<Reader<E>>, about: fn(&E) -> String) -> About {
    Arc::new(move |envelope| Ok(reader.read(envelope)?.map(|event| about(&event.data))))
}

type Start<D> = Arc<dyn Fn(Envelope) -> Result<Option<D>, DecodeError> + Send + Sync>;

/// Events that start sagas.
#[derive(Clone)]
pub struct Starter<D> {
    /// Where the events come from.
    pub sources: Vec<Source>,
    start: Start<D>,
}

impl<D: 'static> Starter<D> {
    pub(super) fn new<E: EventSet>(
        reader: Reader<E>,
        start: impl Fn(&Recorded<E>) -> Option<D> + Send + Sync + 'static,
    ) -> Self {
        let sources = reader.sources().to_vec();
        let start: Start<D> =
            Arc::new(move |envelope| Ok(reader.read(envelope)?.and_then(|event| start(&event))));
        Self { sources, start }
    }

    /// What a saga that an event starts knows; nothing if the event starts none.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn start(&self, event: Envelope) -> Result<Option<D>, DecodeError> {
        (self.start)(event)
    }
}
