//! Pages of events, read and taken apart ahead of the fold.

use std::sync::Arc;

use ondol_domain::View;
use ondol_kernel::Position;
use ondol_store::Subscription;
use tokio::sync::mpsc;

use super::read::{Item, read_page};
use super::replay::Reading;
use super::{FollowError, Source};
use crate::{Checkpoint, CheckpointFault};

/// Events of a page that are taken apart where they are; more go off the runtime.
const READ_HERE_MAX: usize = 256;

/// A page of one log, as the view sees it.
#[derive(Debug)]
pub(super) struct Page<E> {
    pub(super) source: usize,
    pub(super) items: Vec<Item<E>>,
    pub(super) seen: Position,
    pub(super) is_live: bool,
}

/// What is read ahead.
pub(super) struct Ahead<V: View> {
    pub(super) number: usize,
    pub(super) source: Source,
    pub(super) reading: Arc<Reading<V>>,
    pub(super) limit: usize,
}

/// Reads a log from a checkpoint on, for as long as anybody takes the pages. It ends with what
/// has gone wrong.
pub(super) async fn read_ahead<V: View>(
    ahead: Ahead<V>,
    from: Checkpoint,
    pages: mpsc::Sender<Page<V::Event>>,
) -> FollowError {
    let Ahead { number, source, reading, limit } = ahead;
    let (log, filter) = (Arc::clone(&source.log), reading.filter.clone());
    let mut subscription = Subscription::new(log, from.position, filter, limit);
    loop {
        let batch = match subscription.next().await {
            Ok(batch) => batch,
            Err(error) => return source.failed(error),
        };
        let found = source.log.watch().borrow().epoch;
        if found != from.epoch {
            let (log, folded) = (source.name.clone(), from.epoch);
            return CheckpointFault::OtherLog { log, folded, found }.into();
        }
        let items = if batch.events.len() <= READ_HERE_MAX {
            read_page::<V>(&reading.reader, batch.events)
        } else {
            let reading = Arc::clone(&reading);
            let read = move || read_page::<V>(&reading.reader, batch.events);
            match tokio::task::spawn_blocking(read).await {
                Ok(items) => items,
                Err(error) => {
                    let reason = error.to_string();
                    return FollowError::Panicked { task: "the reader", reason };
                }
            }
        };
        let page = Page { source: number, items, seen: batch.seen, is_live: batch.is_live };
        if pages.send(page).await.is_err() {
            // Whoever took the pages is gone, and will not look at this either.
            let reason = "nobody takes the pages".to_owned();
            return FollowError::Panicked { task: "the session", reason };
        }
    }
}
