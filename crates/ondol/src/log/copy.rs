//! `ondol log copy FROM TO`: every event to where it was, and on from where a copy stopped.
//!
//! A copy is a log of its own, with its own epoch: from now on both can be written to. That the
//! target is the beginning of the source is told by its last event, which has an id that no other
//! event has. What is written to the source after the copy has begun is not waited for.

use clap::Args;
use ondol_kernel::{Envelope, Position};
use ondol_store::{EventStore, ReadAll, Replica};
use serde::Serialize;

use super::pieces::Pieces;
use super::progress::Progress;
use super::{LogAddress, LogFailure, Logs, Output, Purpose, Terminal, follow};

/// Copies a log to another place, positions, outcomes and all; goes on where it stopped.
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The log that is copied.
    from: LogAddress,
    /// Where to. It is made if it does not exist.
    to: LogAddress,
}

#[derive(Debug, Serialize)]
struct Copied {
    from: String,
    to: String,
    /// What the target had before.
    after: Position,
    /// How many events were copied.
    events: u64,
    /// Where the target ends now.
    head: Position,
}

impl Copy {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        if self.from == self.to {
            return Err(LogFailure::OntoItself { address: self.from });
        }
        let from = follow::open(logs, &self.from, Purpose::Reading).await?;
        let to = follow::open(logs, &self.to, Purpose::Writing).await?;
        let after = resumed_after(&*from, &*to).await?;
        let head = carry(&*from, &*to, after, terminal).await?;
        let events = head.get() - after.get();
        let (from, to) = (self.from.to_string(), self.to.to_string());
        answer(&Copied { from, to, after, events, head }, terminal)
    }
}

/// Where the target ends, once it is known to be the beginning of the source.
async fn resumed_after(from: &dyn EventStore, to: &dyn EventStore) -> Result<Position, LogFailure> {
    let (origin, target) = (from.head().await?.position, to.head().await?.position);
    if target > origin {
        return Err(LogFailure::TargetAhead { target, origin });
    }
    if event_at(from, target).await? != event_at(to, target).await? {
        return Err(LogFailure::Diverged { at: target });
    }
    Ok(target)
}

/// The event at a position, if there is one.
pub(super) async fn event_at(
    log: &dyn EventStore,
    at: Position,
) -> Result<Option<Envelope>, LogFailure> {
    let Some(before) = at.previous() else { return Ok(None) };
    Ok(log.read_all(ReadAll::after(before, 1)).await?.events.pop())
}

async fn carry(
    from: &dyn EventStore,
    to: &dyn Replica,
    mut after: Position,
    terminal: &Terminal<'_>,
) -> Result<Position, LogFailure> {
    let end = from.head().await?.position;
    let progress = Progress::new(terminal, after, end);
    let mut pieces = Pieces::after(from, after);
    let mut piece = if after < end { pieces.next().await? } else { None };
    while let Some(events) = piece {
        let is_last = events.last().is_none_or(|event| event.position >= end);
        // The next piece is read while this one is written.
        let reading = async { if is_last { Ok(None) } else { pieces.next().await } };
        let (written, read) = tokio::join!(to.append_recorded(events), reading);
        after = written.map_err(|source| LogFailure::Replicate { after, source })?;
        progress.reached(after);
        piece = read?;
    }
    progress.done();
    Ok(after)
}

fn answer(copied: &Copied, terminal: &mut Terminal<'_>) -> Result<(), LogFailure> {
    if terminal.output == Output::Json {
        return terminal.json(copied);
    }
    let Copied { from, to, after, events, head } = copied;
    terminal.line(format_args!("copied {events} events after position {after}"))?;
    terminal.line(format_args!("from {from}\nto   {to}, which ends at position {head} now"))
}
