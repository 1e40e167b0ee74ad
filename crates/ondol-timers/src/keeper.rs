//! The keeper: folds a log into a book of timers.

use std::fmt::Debug;
use std::sync::Arc;

use ondol_kernel::{Envelope, Position};
use ondol_store::{EventStore, Head, ReadAll};
use tracing::error;

use crate::{BookName, BoxError, Order, ReadError, TimerStore, Write, WriteError};

/// Says what an event of the log wants of timers. It is a pure function of the event, so the
/// book can be thrown away and be kept anew.
pub trait Derive: Debug + Send + Sync + 'static {
    /// What the event wants, in order; nothing, for most.
    ///
    /// # Errors
    /// When the event cannot be read as what it says it is.
    fn orders(&self, event: &Envelope) -> Result<Vec<Order>, BoxError>;
}

/// Why a book cannot be kept up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[from] ondol_store::ReadError),
    /// The timers cannot be read.
    #[error("the timers cannot be read")]
    Read(#[from] ReadError),
    /// The timers cannot be written.
    #[error("the timers cannot be written")]
    Write(#[from] WriteError),
}

/// Folds a log into a book of timers. A book of another life of the log, or of a log that has
/// become shorter, is thrown away and kept anew: whatever fires once more because of that is
/// answered with what came of it the first time.
#[derive(Debug, Clone)]
pub struct Keeper {
    book: BookName,
    log: Arc<dyn EventStore>,
    timers: Arc<dyn TimerStore>,
    derive: Arc<dyn Derive>,
    page_events_max: usize,
}

impl Keeper {
    /// Keeps this book over this log.
    pub fn new(
        book: BookName,
        log: Arc<dyn EventStore>,
        timers: Arc<dyn TimerStore>,
        derive: Arc<dyn Derive>,
    ) -> Self {
        Self { book, log, timers, derive, page_events_max: 5_000 }
    }

    /// The log that is read.
    pub(crate) fn log(&self) -> &Arc<dyn EventStore> {
        &self.log
    }

    /// Reads on to where the log ends.
    ///
    /// # Errors
    /// When the log or the timers cannot be read or written; what was read until then stays.
    pub async fn catch_up(&self) -> Result<(), KeepError> {
        let mut stood = self.standing(self.log.head().await?).await?;
        loop {
            let after = stood.map_or(Position::START, |stood| stood.position);
            let page = self.log.read_all(ReadAll::after(after, self.page_events_max)).await?;
            if page.seen <= after {
                return Ok(());
            }
            let epoch = self.log.watch().borrow().epoch;
            let to = Head { epoch, position: page.seen };
            let orders = page.events.iter().flat_map(|event| self.orders(event)).collect();
            self.write(stood, to, orders).await?;
            stood = Some(to);
            if page.seen >= page.head {
                return Ok(());
            }
        }
    }

    /// Where the book stands, once it is sure that it was kept over this log.
    async fn standing(&self, head: Head) -> Result<Option<Head>, KeepError> {
        let stood = self.timers.checkpoint(&self.book).await?;
        let fits = |stood: &Head| stood.epoch == head.epoch && stood.position <= head.position;
        if stood.as_ref().is_none_or(fits) {
            return Ok(stood);
        }
        self.timers.clear(&self.book).await?;
        Ok(None)
    }

    /// What an event wants. One that cannot be read wants nothing that is known: it is told, and
    /// its thing takes no commands until somebody has looked, so nothing goes by unseen.
    fn orders(&self, event: &Envelope) -> Vec<Order> {
        self.derive.orders(event).unwrap_or_else(|fault| {
            let (stream, position) = (event.stream.as_str(), event.position.get());
            error!(stream, position, %fault, "the timers of an event cannot be read");
            Vec::new()
        })
    }

    /// Writes in pieces of the size that is taken. All but the last leave the checkpoint where it
    /// stands: what is done twice after a crash comes to the same.
    async fn write(
        &self,
        from: Option<Head>,
        to: Head,
        mut orders: Vec<Order>,
    ) -> Result<(), WriteError> {
        let most = self.timers.limits().orders_per_write_max;
        let (book, start) = (&self.book, Head { position: Position::START, ..to });
        let mut from = from;
        while orders.len() > most {
            let rest = orders.split_off(most);
            let stays = from.unwrap_or(start);
            self.timers.write(Write { book: book.clone(), from, to: stays, orders }).await?;
            (from, orders) = (Some(stays), rest);
        }
        self.timers.write(Write { book: book.clone(), from, to, orders }).await
    }
}
