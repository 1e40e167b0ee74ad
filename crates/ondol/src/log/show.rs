//! `ondol log show STREAM`: one stream, either way.

use clap::Args;
use ondol_kernel::{StreamId, Version};
use ondol_store::{Direction, EventStore, ReadStream};

use super::{LogFailure, Logs, Purpose, Terminal, WhichLog, follow, names};

/// How many events are read at a time.
const PAGE_EVENTS: usize = 1_000;

/// Shows one stream.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    log: WhichLog,
    /// The stream: kind:key.
    #[arg(value_parser = names::stream)]
    stream: StreamId,
    /// The first version to be shown.
    #[arg(long, value_name = "VERSION")]
    from: Option<u64>,
    /// From the newest event back.
    #[arg(long)]
    backward: bool,
    /// At most so many events.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Show {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let log = follow::open(logs, self.log.address(), Purpose::Reading).await?;
        let direction = if self.backward { Direction::Backward } else { Direction::Forward };
        let from = self.from.map(Version::new);
        let mut read = ReadStream { stream: self.stream, direction, from, limit: 0 };
        let mut left = self.limit.unwrap_or(usize::MAX);
        terminal.heading()?;
        while left > 0 {
            read.limit = left.min(PAGE_EVENTS);
            let Some(next) = page(&*log, &read, &mut left, terminal).await? else { break };
            read.from = Some(next);
        }
        Ok(())
    }
}

/// Shows a page; answers the version that comes next, if one can.
async fn page(
    log: &dyn EventStore,
    read: &ReadStream,
    left: &mut usize,
    terminal: &mut Terminal<'_>,
) -> Result<Option<Version>, LogFailure> {
    let events = log.read_stream(read.clone()).await?;
    terminal.events(&events)?;
    *left = left.saturating_sub(events.len());
    let Some(last) = events.last() else { return Ok(None) };
    Ok(match read.direction {
        Direction::Forward => Some(last.version.next()),
        Direction::Backward => last.version.previous().filter(|next| *next > Version::EMPTY),
    })
}
