//! How much of everything there may be: full means a clear refusal, not growth.

use serde::{Deserialize, Serialize};

use crate::InvalidAppend;

/// What an engine takes at most. The defaults hold for every engine, so that a log can move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one event's data.
    pub event_bytes_max: usize,
    /// Bytes of all data of one append.
    pub append_bytes_max: usize,
    /// Events of one append.
    pub events_per_append_max: usize,
    /// Streams of one append.
    pub streams_per_append_max: usize,
    /// Conditions of one append.
    pub conditions_max: usize,
    /// Tags of one event or one condition.
    pub tags_max: usize,
    /// Events of one page that is read.
    pub page_events_max: usize,
    /// Bytes of all data of one page that is read; a page has one event at least, if there is
    /// any, and ends before the event that would take it over.
    pub page_bytes_max: usize,
    /// Bytes of one snapshot.
    pub snapshot_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes_max: 1 << 20,
            append_bytes_max: 8 << 20,
            events_per_append_max: 1_000,
            streams_per_append_max: 100,
            conditions_max: 16,
            tags_max: 32,
            page_events_max: 10_000,
            page_bytes_max: 16 << 20,
            snapshot_bytes_max: 64 << 20,
        }
    }
}

impl Limits {
    /// Refuses what is over a limit.
    pub(crate) fn check(
        what: &'static str,
        found: usize,
        most: usize,
    ) -> Result<(), InvalidAppend> {
        if found > most { Err(InvalidAppend::TooMany { what, most, found }) } else { Ok(()) }
    }

    /// How many recorded events, and how many bytes of their data, are taken over at a time: a
    /// page, and the rest of the command in whose middle the page may end.
    pub fn recorded_max(&self) -> (usize, usize) {
        (
            self.page_events_max.saturating_add(self.events_per_append_max),
            self.page_bytes_max.saturating_add(self.append_bytes_max),
        )
    }
}
