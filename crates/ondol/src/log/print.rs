//! Events as people and programs read them.

use std::fmt::Write;

use ondol_kernel::{CloudEvent, ContentType, Envelope, Payload};

use super::{LogFailure, Output, Terminal};

/// What the events of a log that is looked at from outside a service say of their source.
pub(super) const SOURCE: &str = "/ondol/log";
/// How much of an event's data a line for people shows, in characters.
const DATA_CHARACTERS: usize = 120;

impl Terminal<'_> {
    /// Says what stands in which column.
    pub(super) fn heading(&mut self) -> Result<(), LogFailure> {
        match self.output {
            Output::Table => self.line(format_args!(
                "{:>10}  {:<27}  {:<28}  STREAM @VERSION  DATA",
                "POSITION", "TIME", "TYPE"
            )),
            Output::Json => Ok(()),
        }
    }

    /// Writes events, a line each.
    pub(super) fn events(&mut self, events: &[Envelope]) -> Result<(), LogFailure> {
        for event in events {
            match self.output {
                Output::Table => self.line(row(event))?,
                Output::Json => self.json(&CloudEvent::from_envelope(event, SOURCE))?,
            }
        }
        self.flush()
    }
}

fn row(event: &Envelope) -> String {
    format!(
        "{:>10}  {}  {:<28}  {} @{}  {}",
        event.position,
        event.metadata.time,
        event.event_type.as_str(),
        event.stream,
        event.version,
        shown(&event.data)
    )
}

/// The beginning of the data, if it is text. What moves a terminal's cursor or worse is escaped.
fn shown(data: &Payload) -> String {
    let text = match (&data.content_type, std::str::from_utf8(&data.bytes)) {
        (ContentType::Json, Ok(text)) => text,
        (content_type, _) => {
            return format!("<{}, {} bytes>", content_type.as_str(), data.bytes.len());
        }
    };
    let mut shown = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == DATA_CHARACTERS {
            shown.push('…');
            break;
        }
        if character.is_control() {
            write!(shown, "{}", character.escape_default()).expect("a text takes what is written");
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
