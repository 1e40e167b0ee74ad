//! `ondol log tail`: the end of the log, and what comes to it.

use std::sync::Arc;

use clap::Args;
use ondol_kernel::{EventType, Position, Tag};
use ondol_store::{EventStore, Filter, Replica, Subscription};

use super::{LogFailure, Logs, Purpose, Terminal, WhichLog, follow, names};

/// How many positions the end of the log has when no other place is named.
const LAST: u64 = 10;
/// How many events a batch has while following.
const BATCH_EVENTS: usize = 1_000;

/// Shows the end of the log, or what comes after a position.
#[derive(Debug, Args)]
pub(super) struct Tail {
    #[command(flatten)]
    log: WhichLog,
    /// Shows what comes after this position; without it, the last ten events, or with a filter
    /// all that it wants.
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Goes on as the log grows, until it is interrupted.
    #[arg(long, short)]
    follow: bool,
    /// Only events of this type; may be given several times.
    #[arg(long = "type", value_name = "TYPE", value_parser = names::event_type)]
    types: Vec<EventType>,
    /// Only events in streams of this kind; may be given several times.
    #[arg(long = "kind", value_name = "KIND", value_parser = names::kind)]
    kinds: Vec<String>,
    /// Only events with this tag; given several times, with all of them.
    #[arg(long = "tag", value_name = "TAG", value_parser = names::tag)]
    tags: Vec<Tag>,
}

impl Tail {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let log = follow::open(logs, self.log.address(), Purpose::Reading).await?;
        let filter = Filter { types: self.types, kinds: self.kinds, tags: self.tags };
        let after = match self.after {
            Some(after) => Position::new(after),
            None if filter.is_empty() => last_few(&*log).await?,
            None => Position::START,
        };
        terminal.heading()?;
        if self.follow {
            return follow_on(log, after, filter, terminal).await;
        }
        follow::each_page(&*log, after, &filter, |page| terminal.events(&page.events)).await?;
        Ok(())
    }
}

async fn last_few(log: &dyn EventStore) -> Result<Position, LogFailure> {
    Ok(Position::new(log.head().await?.position.get().saturating_sub(LAST)))
}

async fn follow_on(
    log: Arc<dyn Replica>,
    after: Position,
    filter: Filter,
    terminal: &mut Terminal<'_>,
) -> Result<(), LogFailure> {
    let mut subscription = Subscription::new(log, after, filter, BATCH_EVENTS);
    loop {
        let batch = subscription.next().await?;
        terminal.events(&batch.events)?;
    }
}
