//! Reading a log to its end, page by page, and handing each page on.

use std::sync::Arc;

use ondol_kernel::Position;
use ondol_store::{EventStore, Filter, Page, ReadAll, Replica};

use super::{LogAddress, LogFailure, Logs, Purpose};

/// How many events are read at a time; the limits of a page hold as well.
const PAGE_EVENTS: usize = 1_000;

/// Opens a log to look at it.
pub(super) async fn open(
    logs: &dyn Logs,
    address: &LogAddress,
    purpose: Purpose,
) -> Result<Arc<dyn Replica>, LogFailure> {
    let opened = logs.open(address, purpose).await;
    opened.map_err(|source| LogFailure::Open { address: address.clone(), source })
}

/// Reads what a filter wants after a position up to where the log ends now; answers where.
pub(super) async fn each_page(
    log: &dyn EventStore,
    after: Position,
    filter: &Filter,
    mut hand_on: impl FnMut(Page) -> Result<(), LogFailure>,
) -> Result<Position, LogFailure> {
    let mut read = ReadAll::after(after, PAGE_EVENTS).only(filter.clone());
    let end = log.head().await?.position;
    loop {
        let page = log.read_all(read.clone()).await?;
        let (seen, head) = (page.seen, page.head);
        hand_on(page)?;
        if seen >= end || seen == head {
            return Ok(seen);
        }
        read.after = seen;
    }
}
