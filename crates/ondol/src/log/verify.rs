//! `ondol log verify`: reads everything and says what is not as it was written.
//!
//! An engine that has files of its own checks them itself. A log behind a server is read through
//! the port: positions and versions must count up without gaps. That takes 32 bytes of memory a
//! stream.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use clap::Args;
use ondol_kernel::{Envelope, Position, StreamId};
use ondol_store::{EventStore, Filter};

use super::{Finding, LogFailure, Logs, Output, Terminal, Verified, WhichLog, follow};

/// How many findings are told of; a log that has more is not to be mended by hand.
const FINDINGS_MAX: usize = 1_000;

/// Reads everything and checks that it is what was written.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    log: WhichLog,
}

impl Verify {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let verified = logs.verify(self.log.address()).await?;
        match terminal.output {
            Output::Table => table(&verified, terminal)?,
            Output::Json => terminal.json(&verified)?,
        }
        match verified.findings.len() {
            0 => Ok(()),
            findings => Err(LogFailure::Damaged { findings }),
        }
    }
}

fn table(verified: &Verified, terminal: &mut Terminal<'_>) -> Result<(), LogFailure> {
    let Verified { events, last, findings } = verified;
    terminal
        .line(format_args!("{events} events are as they were written, up to position {last}"))?;
    for finding in findings {
        terminal.line(format_args!("{}: {}", finding.place, finding.problem))?;
        if let Some(cut_at) = finding.cut_at {
            terminal.line(format_args!("  a cut right before it: --cut-at {cut_at}"))?;
        }
    }
    Ok(())
}

impl Verified {
    /// What comes of reading a whole log through the port.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn by_reading(log: &dyn EventStore) -> Result<Self, LogFailure> {
        let mut verified = Self { events: 0, last: Position::START, findings: Vec::new() };
        let mut versions = HashMap::new();
        follow::each_page(log, Position::START, &Filter::default(), |page| {
            for event in &page.events {
                verified.check(event, &mut versions);
            }
            Ok(())
        })
        .await?;
        Ok(verified)
    }

    fn check(&mut self, event: &Envelope, versions: &mut HashMap<(u64, u64), u64>) {
        let expected = self.last.next();
        if event.position != expected {
            self.find(event, format!("position {expected} was expected, found {}", event.position));
        }
        self.last = event.position;
        let version = versions.entry(digest(&event.stream)).or_default();
        *version += 1;
        if event.version.get() != *version {
            let (stream, found) = (&event.stream, event.version);
            self.find(event, format!("version {version} of {stream} was expected, found {found}"));
            *version = found.get();
        }
        self.events += 1;
    }

    fn find(&mut self, event: &Envelope, problem: String) {
        if self.findings.len() < FINDINGS_MAX {
            let place = format!("position {}", event.position);
            self.findings.push(Finding { place, problem, cut_at: None });
        }
    }
}

/// Two hashes of the name: together they do not meet by accident.
fn digest(stream: &StreamId) -> (u64, u64) {
    let hash = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, stream.as_str()).hash(&mut hasher);
        hasher.finish()
    };
    (hash(0), hash(1))
}
