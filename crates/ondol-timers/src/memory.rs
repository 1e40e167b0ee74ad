//! The engine in memory: for tests, and for services whose log is in memory as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ondol_kernel::Timestamp;
use tokio::sync::watch;

use crate::{
    BookName, Checkpoint, Generation, Limits, Order, Place, ReadError, Timer, TimerId, TimerStore,
    Write, WriteError,
};

/// Timers in memory.
#[derive(Debug, Default)]
pub struct MemoryTimers {
    limits: Limits,
    books: Mutex<BTreeMap<BookName, Book>>,
    written: watch::Sender<u64>,
}

/// One book's timers, twice: by name and by place.
#[derive(Debug, Default)]
struct Book {
    checkpoint: Option<Checkpoint>,
    by_id: BTreeMap<TimerId, (Generation, Timestamp)>,
    by_place: BTreeSet<Place>,
}

impl MemoryTimers {
    /// No timers yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<BookName, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a book; one that was never written is empty.
    fn read<T: Default>(&self, book: &BookName, look: impl FnOnce(&Book) -> T) -> T {
        self.books().get(book).map(look).unwrap_or_default()
    }

    fn has_written(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Book {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Set(timer) => {
                self.forget(&timer.id);
                self.by_place.insert(timer.place());
                self.by_id.insert(timer.id, (timer.generation, timer.due));
            }
            Order::Cancel(id) => self.forget(&id),
        }
    }

    fn forget(&mut self, id: &TimerId) {
        if let Some((id, (_generation, due))) = self.by_id.remove_entry(id) {
            self.by_place.remove(&Place { due, id });
        }
    }

    fn timer(&self, id: &TimerId) -> Option<Timer> {
        let &(generation, due) = self.by_id.get(id)?;
        Some(Timer { id: id.clone(), generation, due })
    }
}

#[async_trait]
impl TimerStore for MemoryTimers {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn checkpoint(&self, book: &BookName) -> Result<Option<Checkpoint>, ReadError> {
        Ok(self.read(book, |book| book.checkpoint))
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        write.check(&self.limits)?;
        let mut books = self.books();
        let found = books.get(&write.book).and_then(|book| book.checkpoint);
        if found != write.from {
            return Err(WriteError::Conflict { book: write.book, expected: write.from, found });
        }
        let book = books.entry(write.book).or_default();
        write.orders.into_iter().for_each(|order| book.obey(order));
        book.checkpoint = Some(write.to);
        drop(books);
        self.has_written();
        Ok(())
    }

    async fn settle(&self, book: &BookName, fired: Vec<Timer>) -> Result<(), WriteError> {
        self.limits.check_settle(fired.len())?;
        if let Some(book) = self.books().get_mut(book) {
            for timer in fired {
                if book.timer(&timer.id).is_some_and(|kept| kept.generation == timer.generation) {
                    book.forget(&timer.id);
                }
            }
        }
        self.has_written();
        Ok(())
    }

    async fn due(
        &self,
        book: &BookName,
        until: Timestamp,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let most = limit.min(self.limits.page_timers_max);
        Ok(self.read(book, |book| {
            let places = book.by_place.range((from, Bound::Unbounded));
            let due = places.take_while(|place| place.due <= until).take(most);
            due.filter_map(|place| book.timer(&place.id)).collect()
        }))
    }

    async fn next_due(&self, book: &BookName) -> Result<Option<Timestamp>, ReadError> {
        Ok(self.read(book, |book| book.by_place.first().map(|place| place.due)))
    }

    async fn get(&self, book: &BookName, id: &TimerId) -> Result<Option<Timer>, ReadError> {
        Ok(self.read(book, |book| book.timer(id)))
    }

    async fn count(&self, book: &BookName) -> Result<u64, ReadError> {
        Ok(self.read(book, |book| u64::try_from(book.by_id.len()).unwrap_or(u64::MAX)))
    }

    async fn clear(&self, book: &BookName) -> Result<(), WriteError> {
        self.books().remove(book);
        self.has_written();
        Ok(())
    }
}
