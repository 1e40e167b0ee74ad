//! `ondol log import`: takes over what `export` has written, positions, outcomes and all.
//!
//! What the log has already is passed over, once its last event is seen to be the same; so an
//! import that was cut off is started again with the same file.

mod lines;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use clap::Args;
use ondol_kernel::{Envelope, Position};
use ondol_store::Replica;
use serde::Serialize;

use self::lines::Lines;
use super::pieces::whole_commands;
use super::{LogFailure, Logs, Output, Purpose, Terminal, WhichLog, copy, follow};

/// How many events are taken over at a time, if their commands allow.
const PIECE_EVENTS: usize = 1_000;
/// How many bytes of data are taken over at a time, if their commands allow.
const PIECE_BYTES: usize = 4 << 20;

/// Takes over what `export` has written; goes on where it stopped.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    log: WhichLog,
    /// The file; without it, the input.
    file: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Imported {
    /// How many events were taken over.
    events: u64,
    /// How many were there already.
    passed_over: u64,
    /// Where the log ends now.
    head: Position,
}

/// What has been read and not yet been taken over.
struct Begun<'a> {
    log: &'a dyn Replica,
    events: Vec<Envelope>,
    bytes: usize,
    head: Position,
}

impl Import {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let input: Box<dyn BufRead> = match &self.file {
            Some(path) => Box::new(BufReader::new(File::open(path).map_err(LogFailure::Input)?)),
            None => Box::new(BufReader::new(io::stdin())),
        };
        let log = follow::open(logs, self.log.address(), Purpose::Writing).await?;
        answer(&take_over(&*log, Lines::of(input)).await?, terminal)
    }
}

async fn take_over(log: &dyn Replica, lines: Lines) -> Result<Imported, LogFailure> {
    let before = log.head().await?.position;
    let last = copy::event_at(log, before).await?;
    let mut begun = Begun { log, events: Vec::new(), bytes: 0, head: before };
    let mut passed_over = 0;
    for event in lines {
        let event = event?;
        if event.position > before {
            begun.add(event).await?;
            continue;
        }
        if event.position == before && last.as_ref() != Some(&event) {
            return Err(LogFailure::Diverged { at: before });
        }
        passed_over += 1;
    }
    let whole = begun.events.len();
    begun.take_over(whole).await?;
    Ok(Imported { events: begun.head.get() - before.get(), passed_over, head: begun.head })
}

impl Begun<'_> {
    /// Adds an event, and hands on what is whole once it is enough.
    async fn add(&mut self, event: Envelope) -> Result<(), LogFailure> {
        self.bytes += event.data.bytes.len();
        self.events.push(event);
        if self.events.len() < PIECE_EVENTS && self.bytes < PIECE_BYTES {
            return Ok(());
        }
        self.take_over(whole_commands(&self.events)).await
    }

    async fn take_over(&mut self, whole: usize) -> Result<(), LogFailure> {
        if whole == 0 {
            return Ok(());
        }
        let rest = self.events.split_off(whole);
        let events = std::mem::replace(&mut self.events, rest);
        self.bytes = self.events.iter().map(|event| event.data.bytes.len()).sum();
        let taken = self.log.append_recorded(events).await;
        self.head = taken.map_err(|source| LogFailure::Replicate { after: self.head, source })?;
        Ok(())
    }
}

fn answer(imported: &Imported, terminal: &mut Terminal<'_>) -> Result<(), LogFailure> {
    if terminal.output == Output::Json {
        return terminal.json(imported);
    }
    let Imported { events, passed_over, head } = imported;
    terminal.line(format_args!(
        "took over {events} events, {passed_over} were there already; the log ends at position {head} now"
    ))
}
