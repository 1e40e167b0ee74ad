//! Names that are given on the command line: what is none is refused before a log is opened, with
//! the code and the page that every other refusal has.

use std::fmt::Display;

use ondol_kernel::{EventType, NameError, StreamId, StreamIdError, Tag};

/// A stream.
pub(super) fn stream(text: &str) -> Result<StreamId, String> {
    text.parse().map_err(|error: StreamIdError| told(&error, error.code()))
}

/// A kind of streams, checked as far as a kind can be checked alone.
pub(super) fn kind(text: &str) -> Result<String, String> {
    let any = StreamId::new(text, "any").map_err(|error| told(&error, error.code()))?;
    Ok(any.kind().to_owned())
}

/// A type of events.
pub(super) fn event_type(text: &str) -> Result<EventType, String> {
    text.parse().map_err(|error: NameError| told(&error, error.code()))
}

/// A tag.
pub(super) fn tag(text: &str) -> Result<Tag, String> {
    text.parse().map_err(|error: NameError| told(&error, error.code()))
}

fn told(error: &dyn Display, code: &str) -> String {
    format!("{error} [{code}]\n  read on: docs/errors/{code}.md")
}
