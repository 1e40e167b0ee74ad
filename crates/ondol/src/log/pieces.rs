//! Recorded events in pieces that may be taken over: whole commands, not too many at a time.

use ondol_kernel::{Envelope, Position};
use ondol_store::{EventStore, ReadAll, ReadError};

/// A log as a sequence of pieces, none of which ends in the middle of a command.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    log: &'a dyn EventStore,
    seen: Position,
    begun: Vec<Envelope>,
}

impl<'a> Pieces<'a> {
    /// The pieces after a position, which is not in the middle of a command.
    pub(super) fn after(log: &'a dyn EventStore, after: Position) -> Self {
        Self { log, seen: after, begun: Vec::new() }
    }

    /// The next piece; none when the log has no more.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Envelope>>, ReadError> {
        loop {
            let page = self.log.read_all(ReadAll::after(self.seen, usize::MAX)).await?;
            self.seen = page.seen;
            self.begun.extend(page.events);
            // A log ends with an append, and so with a whole command.
            let whole =
                if page.seen == page.head { self.begun.len() } else { whole_commands(&self.begun) };
            if whole > 0 {
                let rest = self.begun.split_off(whole);
                return Ok(Some(std::mem::replace(&mut self.begun, rest)));
            }
            if page.seen == page.head {
                return Ok(None);
            }
        }
    }
}

/// How many events there are before the last command, which may not be whole.
pub(super) fn whole_commands(events: &[Envelope]) -> usize {
    let Some(last) = events.last().and_then(|event| event.metadata.command) else {
        return events.len();
    };
    let of_last = |event: &&Envelope| event.metadata.command == Some(last);
    events.len() - events.iter().rev().take_while(of_last).count()
}
