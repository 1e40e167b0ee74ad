//! How a saga's stream is named, and the ids of what it asks.
//!
//! All follow from the saga's name and identity and from the step alone. Whoever starts it twice
//! starts one saga, and whatever crashed and asks again asks the same.

use ondol_kernel::{CommandId, Id, NAME_BYTES_MAX, StreamId, StreamIdError};

/// The kind of the streams that sagas stand in.
pub const SAGA_KIND: &str = "saga";

/// How much of a stream's name is left for the saga's own.
const KEY_BYTES_MAX: usize = NAME_BYTES_MAX - SAGA_KIND.len() - 1;

/// The stream of the saga with this name and identity.
///
/// # Errors
/// When the two cannot be part of a stream's name.
pub fn saga_stream(saga: &str, identity: &str) -> Result<StreamId, StreamIdError> {
    let key = format!("{saga}/{identity}");
    if key.len() <= KEY_BYTES_MAX {
        return StreamId::new(SAGA_KIND, key);
    }
    let short: Id<StreamId> = Id::named(&key);
    StreamId::new(SAGA_KIND, format!("{saga}/~{short}"))
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The doing of a step.
    Step,
    /// The undoing of it.
    Undo,
}

/// The id under which a step is asked, or its undoing. Rounds are counted from zero: a question
/// that was refused, and is asked once more, is another.
pub fn command_of(stream: &StreamId, about: About, step: &str, round: u32) -> CommandId {
    let saga: CommandId = Id::named(stream.as_str());
    let about = match about {
        About::Step => "step",
        About::Undo => "undo",
    };
    Id::derived(saga, &format!("{about} {round} {step}"))
}
