//! Where things are: by stream, by tag, by command.
//!
//! The index follows from the log and can be made from it again. New postings go into a table in
//! memory; when it is full it is frozen, and a thread beside writes it as a sorted run and merges
//! runs of one size into a larger one. So memory is bounded whatever the log's length, a lookup
//! touches a handful of runs, most of which a filter in memory passes over, and the writer never
//! waits for any of this. Only what is durable is in the index.

mod filter;
mod memory;
mod merge;
mod run;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, RwLock};

use ondol_kernel::Position;

pub(crate) use self::memory::MemoryTable;
pub(crate) use self::merge::{MERGED_AT_ONCE, merge};
pub(crate) use self::run::{Run, RunBuilder, run_of};
use crate::format::Address;
use crate::key::Key;

/// One place where something is found.
///
/// The number is what postings of one key are ordered by: the version of a stream's event, the
/// position of an event with a tag, the position of a command's first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) number: u64,
    pub(crate) address: Address,
}

/// A record from which on the log can be read: it holds this position first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: Position,
    pub(crate) address: Address,
}

/// How far something goes: a position, and where the next record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) position: Position,
    pub(crate) address: Address,
}

/// The index of one log.
#[derive(Debug)]
pub(crate) struct Index {
    tables: RwLock<Tables>,
    entries_max: usize,
    work: Mutex<Work>,
    changed: Condvar,
}

/// The tables; the writer of the log adds to the active one.
#[derive(Debug)]
struct Tables {
    /// Counts how often what is below was exchanged.
    generation: u64,
    active: MemoryTable,
    /// The memory of the last table that became a run: the next one is filled in it, and has
    /// neither to grow nor to be given its memory.
    spare: Option<MemoryTable>,
    sealed: Sealed,
}

/// What changes no more: runs, oldest first, and the table that is about to become one.
#[derive(Debug, Clone)]
struct Sealed {
    runs: Arc<Vec<Arc<Run>>>,
    frozen: Option<Arc<MemoryTable>>,
}

/// What the thread beside has to do, and how it fares.
#[derive(Debug, Default)]
struct Work {
    is_closed: bool,
    failure: Option<Arc<io::Error>>,
}

impl Index {
    /// An index of these runs, which hold everything up to `end`.
    pub(crate) fn new(runs: Vec<Arc<Run>>, end: End, entries_max: usize) -> Self {
        let active = MemoryTable::new(end, entries_max);
        let sealed = Sealed { runs: Arc::new(runs), frozen: None };
        Self {
            tables: RwLock::new(Tables { generation: 0, active, spare: None, sealed }),
            entries_max,
            work: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Tables> {
        self.tables.read().expect("nobody panics while holding the index")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Tables> {
        self.tables.write().expect("nobody panics while holding the index")
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().expect("nobody panics while holding the work")
    }

    /// Adds what a sync has made durable.
    pub(crate) fn publish(&self, postings: &[(Key, Posting)], marks: &[Mark], end: End) {
        let mut tables = self.write();
        tables.active.add(postings, marks, end);
        if tables.active.len() >= self.entries_max && tables.sealed.frozen.is_none() {
            tables.freeze();
            drop(tables);
            self.wake();
        }
    }

    fn wake(&self) {
        drop(self.work());
        self.changed.notify_all();
    }

    /// Freezes what there is, however little, if nothing is frozen.
    pub(crate) fn freeze(&self) {
        let mut tables = self.write();
        if tables.sealed.frozen.is_none() && tables.active.len() > 0 {
            tables.freeze();
        }
    }

    /// Waits while the table in memory is far too full, or says why that does not end.
    pub(crate) fn wait_for_room(&self) -> Result<(), Arc<io::Error>> {
        if !self.is_outgrown() {
            return Ok(());
        }
        let mut work = self.work();
        while self.is_outgrown() {
            if let Some(failure) = &work.failure {
                return Err(Arc::clone(failure));
            }
            if work.is_closed {
                return Ok(());
            }
            work = self.changed.wait(work).expect("nobody panics while holding the work");
        }
        Ok(())
    }

    /// Says of each of some keys whether it may have postings. All are looked at before any is
    /// asked for, so that what is far away is fetched at once.
    pub(crate) fn may_have(&self, keys: &[Key], into: &mut Vec<bool>) {
        let tables = self.read();
        let in_memory = || std::iter::once(&tables.active).chain(tables.sealed.frozen.as_deref());
        let runs = &tables.sealed.runs;
        let mut seen = 0;
        for key in keys {
            seen ^= in_memory().fold(0, |sum, table| sum ^ u64::from(table.glance(*key)));
            seen ^= runs.iter().fold(0, |sum, run| sum ^ run.filter().glance(*key));
        }
        std::hint::black_box(seen);
        into.clear();
        into.extend(keys.iter().map(|key| {
            in_memory().any(|table| table.has(*key))
                || runs.iter().any(|run| run.filter().may_have(*key))
        }));
    }

    /// Up to `limit` postings of a key from a number on, in order, and before them the one that
    /// may reach up to it.
    pub(crate) fn forward(&self, key: Key, from: u64, limit: usize) -> io::Result<Vec<Posting>> {
        self.forward_from(key, from, limit, Position::START)
    }

    /// As `forward`; runs that end at or before a position are passed over.
    fn forward_from(
        &self,
        key: Key,
        from: u64,
        limit: usize,
        after: Position,
    ) -> io::Result<Vec<Posting>> {
        let most = limit.saturating_add(1);
        loop {
            let (generation, sealed) = self.sealed();
            let mut found = Vec::new();
            for run in sealed.runs.iter().filter(|run| run.end.position > after) {
                run.forward(key, from, most, &mut found)?;
                if found.len() >= most {
                    return Ok(found);
                }
            }
            if let Some(frozen) = &sealed.frozen {
                frozen.forward(key, from, most, &mut found);
            }
            if found.len() >= most {
                return Ok(found);
            }
            let tables = self.read();
            if tables.generation == generation {
                tables.active.forward(key, from, most, &mut found);
                return Ok(found);
            }
        }
    }

    /// Up to `limit` postings of a key from a number back, newest first.
    pub(crate) fn backward(&self, key: Key, upto: u64, limit: usize) -> io::Result<Vec<Posting>> {
        let mut found = Vec::new();
        let sealed = {
            let tables = self.read();
            tables.active.backward(key, upto, limit, &mut found);
            tables.sealed.clone()
        };
        if let Some(frozen) = &sealed.frozen {
            frozen.backward(key, upto, limit, &mut found);
        }
        for run in sealed.runs.iter().rev() {
            if found.len() >= limit {
                break;
            }
            run.backward(key, upto, limit, &mut found)?;
        }
        Ok(found)
    }

    /// Up to `limit` postings of a key whose numbers are positions, after this one.
    pub(crate) fn after(
        &self,
        key: Key,
        after: Position,
        limit: usize,
    ) -> io::Result<Vec<Posting>> {
        let from = after.next().get();
        let tables = self.read();
        let mut found = Vec::new();
        if after >= tables.active.start().position {
            tables.active.forward(key, from, limit.saturating_add(1), &mut found);
        } else {
            drop(tables);
            found = self.forward_from(key, from, limit, after)?;
        }
        found.retain(|posting| posting.number >= from);
        found.truncate(limit);
        Ok(found)
    }

    fn sealed(&self) -> (u64, Sealed) {
        let tables = self.read();
        (tables.generation, tables.sealed.clone())
    }

    /// A record at or before which the event at this position begins.
    pub(crate) fn mark(&self, position: Position) -> Mark {
        let tables = self.read();
        let in_memory = std::iter::once(&tables.active).chain(tables.sealed.frozen.as_deref());
        for table in in_memory {
            if position > table.start().position {
                return table.mark(position);
            }
        }
        let runs = &tables.sealed.runs;
        let at = runs.partition_point(|run| run.after < position);
        runs[at.saturating_sub(1)].mark(position)
    }

    /// The table that waits to become a run, if any.
    pub(crate) fn frozen(&self) -> Option<Arc<MemoryTable>> {
        self.read().sealed.frozen.clone()
    }

    /// The runs, oldest first.
    pub(crate) fn runs(&self) -> Arc<Vec<Arc<Run>>> {
        Arc::clone(&self.read().sealed.runs)
    }

    /// Puts a run in the place of the frozen table.
    pub(crate) fn thaw(&self, run: Arc<Run>) {
        let mut tables = self.write();
        let mut runs = tables.sealed.runs.to_vec();
        runs.push(run);
        let thawed = tables.sealed.frozen.take();
        tables.exchange(Sealed { runs: Arc::new(runs), frozen: None });
        drop(tables);
        self.work().failure = None;
        self.changed.notify_all();
        // Whoever still reads it keeps it, and there is no spare one this time.
        if let Some(mut spare) = thawed.and_then(|thawed| Arc::try_unwrap(thawed).ok()) {
            spare.clear();
            self.write().spare = Some(spare);
        }
    }

    /// Puts one run in the place of those that it was merged from.
    pub(crate) fn replace(&self, merged: &[Arc<Run>], by: Arc<Run>) {
        let mut tables = self.write();
        let mut runs = tables.sealed.runs.to_vec();
        let first = runs.iter().position(|run| merged.first().is_some_and(|m| Arc::ptr_eq(run, m)));
        let first = first.expect("runs that are merged are still there");
        runs.splice(first..first + merged.len(), [by]);
        let frozen = tables.sealed.frozen.clone();
        tables.exchange(Sealed { runs: Arc::new(runs), frozen });
    }

    /// Whether the table in memory has outgrown what it may take while nobody writes it.
    pub(crate) fn is_outgrown(&self) -> bool {
        let tables = self.read();
        tables.active.len() >= self.entries_max * 2 && tables.sealed.frozen.is_some()
    }

    /// Puts another index, which holds as much, in the place of this one.
    pub(crate) fn take_over(&self, other: Self) {
        let other = other.tables.into_inner().expect("nobody panics while holding the index");
        let mut tables = self.write();
        tables.generation += 1;
        (tables.active, tables.sealed) = (other.active, other.sealed);
    }

    /// Says that the thread beside cannot write; it tries again when there is more to do.
    pub(crate) fn failed(&self, error: Arc<io::Error>) {
        self.work().failure = Some(error);
        self.changed.notify_all();
    }

    /// Waits until a table is frozen; false when none will be any more.
    pub(crate) fn wait_for_work(&self, retry: Option<std::time::Duration>) -> bool {
        let mut work = self.work();
        loop {
            if work.is_closed {
                return false;
            }
            let has_failed = work.failure.is_some();
            if !has_failed && self.read().sealed.frozen.is_some() {
                return true;
            }
            work = match retry.filter(|_| has_failed) {
                Some(retry) => {
                    let waited = self.changed.wait_timeout(work, retry);
                    let (mut work, _) = waited.expect("nobody panics while holding the work");
                    work.failure = None;
                    work
                }
                None => self.changed.wait(work).expect("nobody panics while holding the work"),
            };
        }
    }

    /// Waits a little, unless there is something to do.
    pub(crate) fn rest(&self, most: std::time::Duration) {
        let has_nothing = |work: &mut Work| !work.is_closed && self.frozen().is_none();
        let waited = self.changed.wait_timeout_while(self.work(), most, has_nothing);
        drop(waited.expect("nobody panics while holding the work"));
    }

    /// Lets the thread beside end.
    pub(crate) fn close(&self) {
        self.work().is_closed = true;
        self.changed.notify_all();
    }
}

impl Tables {
    fn freeze(&mut self) {
        let end = self.active.end();
        let next = match self.spare.take() {
            Some(spare) => spare.starting(end),
            None => MemoryTable::new(end, self.active.room()),
        };
        let full = std::mem::replace(&mut self.active, next);
        self.generation += 1;
        self.sealed.frozen = Some(Arc::new(full));
    }

    fn exchange(&mut self, sealed: Sealed) {
        self.generation += 1;
        self.sealed = sealed;
    }
}

#[cfg(test)]
mod tests;
