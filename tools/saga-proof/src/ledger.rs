//! What a log holds, read from outside: the CloudEvents that `log export` writes.

use std::collections::BTreeMap;

use ondol_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What the log of a service holds.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Its events, in order.
    pub entries: Vec<Entry>,
}

/// One event.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Of which service.
    pub service: String,
    /// When it happened.
    pub time: Timestamp,
    /// Where it stands.
    pub position: u64,
    /// What happened.
    pub kind: String,
    /// The stream it belongs to.
    pub stream: String,
    /// The flow it belongs to.
    pub flow: String,
    /// What there is to know about it.
    pub data: Value,
}

/// Why a log cannot be read from outside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The program could not be started.
    #[error("the program could not be started")]
    Start(#[from] std::io::Error),
    /// The program says no.
    #[error("the program says: {said}")]
    Program {
        /// What it says.
        said: String,
    },
    /// A line is no event.
    #[error("line {line} of the export is no event")]
    Line {
        /// Which one.
        line: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A position is missing, or out of order.
    #[error("after position {after} comes {found}")]
    Hole {
        /// The position before it.
        after: u64,
        /// What was found.
        found: u64,
    },
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    time: Timestamp,
    position: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    subject: Option<String>,
    correlationid: Option<String>,
    data: Option<Value>,
}

impl Ledger {
    /// The events of an export, a line each.
    ///
    /// # Errors
    /// When a line is no event, or a position is missing.
    pub fn read(service: &str, export: &[u8]) -> Result<Self, LedgerError> {
        let text = String::from_utf8_lossy(export);
        let mut entries: Vec<Entry> = Vec::new();
        for (line, text) in text.lines().enumerate() {
            let read = serde_json::from_str::<Line>(text);
            let read = read.map_err(|source| LedgerError::Line { line: line + 1, source })?;
            let position = read.position.and_then(|text| text.parse().ok()).unwrap_or_default();
            let after = entries.last().map_or(0, |entry| entry.position);
            if position != after + 1 {
                return Err(LedgerError::Hole { after, found: position });
            }
            entries.push(Entry {
                service: service.to_owned(),
                time: read.time,
                position,
                kind: read.kind,
                stream: read.subject.unwrap_or_default(),
                flow: read.correlationid.unwrap_or_default(),
                data: read.data.unwrap_or_default(),
            });
        }
        Ok(Self { entries })
    }

    /// The events of several logs: those of one log as they stand, and no event before one that
    /// it can have followed from.
    ///
    /// An event gets its time before it gets its place. So whatever followed from an event is
    /// younger than all that stands before that event in its log.
    pub fn merged(ledgers: &[&Self]) -> Vec<Entry> {
        let mut all = Vec::new();
        for (log, ledger) in ledgers.iter().enumerate() {
            let mut youngest = Timestamp::EPOCH;
            for entry in &ledger.entries {
                youngest = youngest.max(entry.time);
                all.push((youngest, log, entry.clone()));
            }
        }
        all.sort_by_key(|(youngest, log, entry)| (*youngest, *log, entry.position));
        all.into_iter().map(|(_, _, entry)| entry).collect()
    }

    /// How often each kind of event has happened.
    pub fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds = BTreeMap::new();
        for entry in &self.entries {
            *kinds.entry(entry.kind.as_str()).or_default() += 1;
        }
        kinds
    }
}
