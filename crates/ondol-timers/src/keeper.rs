//! The keeper: folds a log into a book of timers.

use std::fmt::Debug;
use std::sync::Arc;

use ondol_kernel::{Envelope, Position};
use ondol_store::{EventStore, Filter, Head, ReadAll};
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
#[derive(Debug)]
pub struct Keeper {
    book: BookName,
    log: Arc<dyn EventStore>,
    timers: Arc<dyn TimerStore>,
    derive: Arc<dyn Derive>,
    filter: Filter,
    /// Where the checkpoint stands, and up to where was read since: what wants no timers is not
    /// worth a write.
    stood: Option<Stood>,
}

#[derive(Debug, Clone, Copy)]
struct Stood {
    kept: Option<Head>,
    read: Position,
}

/// Events of one page.
const PAGE_EVENTS_MAX: usize = 5_000;
/// Events without timers that are passed over before the checkpoint moves all the same.
const PASSED_OVER_MAX: u64 = 100_000;

impl Keeper {
    /// Keeps this book over this log.
    pub fn new(
        book: BookName,
        log: Arc<dyn EventStore>,
        timers: Arc<dyn TimerStore>,
        derive: Arc<dyn Derive>,
    ) -> Self {
        Self { book, log, timers, derive, filter: Filter::default(), stood: None }
    }

    /// The same, looking only at these events: no others want anything of timers.
    #[must_use]
    pub fn reading(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Forgets where it stood: another process has kept the book meanwhile.
    pub(crate) fn forget(&mut self) {
        self.stood = None;
    }

    /// The log that is read.
    pub(crate) fn log(&self) -> &Arc<dyn EventStore> {
        &self.log
    }

    /// Reads on to where the log ends.
    ///
    /// # Errors
    /// When the log or the timers cannot be read or written; what was read until then stays.
    pub async fn catch_up(&mut self) -> Result<(), KeepError> {
        // Taken out while it is used: after an error, the checkpoint is asked for anew.
        let mut stood = match self.stood.take() {
            Some(stood) => stood,
            None => self.standing().await?,
        };
        loop {
            let read =
                ReadAll { after: stood.read, filter: self.filter.clone(), limit: PAGE_EVENTS_MAX };
            let page = self.log.read_all(read).await?;
            let is_live = page.seen >= page.head || page.seen <= stood.read;
            let orders: Vec<Order> =
                page.events.iter().flat_map(|event| self.orders(event)).collect();
            stood.read = stood.read.max(page.seen);
            let kept = stood.kept.map_or(0, |kept| kept.position.get());
            if !orders.is_empty() || stood.read.get() - kept > PASSED_OVER_MAX {
                let epoch = self.log.watch().borrow().epoch;
                let to = Head { epoch, position: stood.read };
                self.write(stood.kept, to, orders).await?;
                stood.kept = Some(to);
            }
            if is_live {
                self.stood = Some(stood);
                return Ok(());
            }
        }
    }

    /// Where the book stands, once it is sure that it was kept over this log.
    async fn standing(&self) -> Result<Stood, KeepError> {
        let head = self.log.head().await?;
        let kept = self.timers.checkpoint(&self.book).await?;
        let fits = |kept: &Head| kept.epoch == head.epoch && kept.position <= head.position;
        match kept {
            Some(kept) if fits(&kept) => Ok(Stood { kept: Some(kept), read: kept.position }),
            None => Ok(Stood { kept: None, read: Position::START }),
            Some(_of_another_life) => {
                self.timers.clear(&self.book).await?;
                Ok(Stood { kept: None, read: Position::START })
            }
        }
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
