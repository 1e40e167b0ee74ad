//! The segment that is written to, and the next one, which is made ready while there is time.
//!
//! A sync is fast over blocks that were written before, slower over blocks that were only
//! reserved, and slower still when the file grows. So a helper reserves the next segment's file
//! and, while the disk has little to do, writes zeros into it. When the disk has much to do the
//! groups are large, reserving is enough, and writing everything twice would halve the speed. The
//! helper also takes finished segments out of the page cache.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use ondol_kernel::Position;

use crate::disk::{DiskFile, write_all_at, write_zeros};
use crate::format::{Address, SEGMENT_HEADER, SegmentHeader, length32};
use crate::segments::{Segment, Segments};
use crate::store::Shared;

/// Zeros are written this much at a time …
const SLICE: u64 = 256 << 10;
/// … with this pause, unless more than this was written by the log meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
const BUSY_BYTES: u64 = 1 << 20;
/// A segment leaves the page cache when so many newer ones are there.
const CACHED_SEGMENTS: u32 = 2;

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct TailSegment {
    segment: Arc<Segment>,
    file: Arc<dyn DiskFile>,
    offset: u32,
    /// The next segment, once this one has no room for a group; it has no name yet.
    next: Option<Next>,
    first_of_next: Position,
    pub(crate) spares: Arc<Spares>,
}

#[derive(Debug)]
struct Next {
    spare: Spare,
    is_begun: bool,
}

/// A file that is ready to become a segment.
#[derive(Debug)]
pub(crate) struct Spare {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    length: u32,
}

/// Where the helper puts spare files, and what else it is to do.
#[derive(Debug)]
pub(crate) struct Spares {
    segments: Arc<Segments>,
    state: Mutex<State>,
    changed: Condvar,
    written: AtomicU64,
    length: u32,
    prewrite: bool,
}

#[derive(Debug, Default)]
struct State {
    spare: Option<Spare>,
    made: u64,
    /// How much of the spare file is written with zeros.
    zeros: u64,
    /// The segments that are to leave the page cache, by number.
    cold: Range<u32>,
    is_wanted: bool,
    is_closed: bool,
}

impl TailSegment {
    pub(crate) fn new(
        segments: &Segments,
        segment: Arc<Segment>,
        offset: u32,
        spares: Arc<Spares>,
    ) -> io::Result<Self> {
        let file = segments.file(&segment)?;
        Ok(Self { segment, file, offset, next: None, first_of_next: Position::START, spares })
    }

    /// Where a group of so many bytes at most will begin.
    pub(crate) fn room_for(&mut self, bytes: usize) -> io::Result<Address> {
        let needed = length32(bytes);
        let rest = self.segment.length.saturating_sub(self.offset);
        if self.next.is_none() && rest >= needed {
            return Ok(Address::new(self.segment.number, self.offset));
        }
        let whole = needed.saturating_add(length32(SEGMENT_HEADER));
        if self.next.as_ref().is_some_and(|next| next.spare.length < whole) {
            self.next = None;
        }
        if self.next.is_none() {
            let spare = self.spares.take(whole)?;
            self.next = Some(Next { spare, is_begun: false });
        }
        Ok(Address::new(self.next_number(), length32(SEGMENT_HEADER)))
    }

    /// The number of the next segment: one that is still empty gives way to a longer one.
    fn next_number(&self) -> u32 {
        let is_empty = self.offset as usize == SEGMENT_HEADER;
        if is_empty { self.segment.number } else { self.segment.number + 1 }
    }

    /// The file that the next group goes to.
    pub(crate) fn file(&self) -> &dyn DiskFile {
        self.next.as_ref().map_or(self.file.as_ref(), |next| next.spare.file.as_ref())
    }

    /// Where in that file.
    pub(crate) fn offset(&self) -> u32 {
        if self.next.is_some() { length32(SEGMENT_HEADER) } else { self.offset }
    }

    /// Writes the header of a new segment, which begins with this position.
    pub(crate) fn begin(&mut self, segments: &Segments, first: Position) -> io::Result<()> {
        let number = self.next_number();
        let Some(next) = self.next.as_mut().filter(|next| !next.is_begun) else { return Ok(()) };
        let length = next.spare.length;
        let header = SegmentHeader { number, first, length }.encode(&segments.manifest);
        write_all_at(next.spare.file.as_ref(), &header, 0)?;
        self.first_of_next = first;
        next.is_begun = true;
        Ok(())
    }

    /// Gives a new segment its name, durably: it holds a durable group now.
    pub(crate) fn put_in_place(&mut self, shared: &Shared) -> io::Result<()> {
        let number = self.next_number();
        let Some(next) = self.next.take() else { return Ok(()) };
        let segments = &shared.segments;
        let folder = &segments.folder;
        let segment = Segment::new(folder, number, self.first_of_next, next.spare.length);
        segments.disk.rename(&next.spare.path, &segment.path)?;
        if !shared.bugs.skips_folder_sync() {
            segments.disk.sync_folder(folder)?;
        }
        self.file = Arc::clone(&next.spare.file);
        self.segment = segments.add(segment, next.spare.file);
        self.offset = length32(SEGMENT_HEADER);
        if let Some(cold) = number.checked_sub(CACHED_SEGMENTS) {
            self.spares.cool(cold);
        }
        Ok(())
    }

    /// Goes behind a group of so many bytes; answers where the next one begins.
    pub(crate) fn advance(&mut self, bytes: usize) -> Address {
        self.offset += length32(bytes);
        self.spares.written.fetch_add(bytes as u64, Ordering::Relaxed);
        Address::new(self.segment.number, self.offset)
    }
}

impl Drop for TailSegment {
    /// Without whoever writes nobody needs another segment.
    fn drop(&mut self) {
        self.spares.close();
    }
}

impl Spares {
    pub(crate) fn new(segments: Arc<Segments>, length: u32, prewrite: bool) -> Self {
        let state = Mutex::new(State { is_wanted: true, ..State::default() });
        let (changed, written) = (Condvar::new(), AtomicU64::new(0));
        Self { segments, state, changed, written, length, prewrite }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the spare file")
    }

    /// A file of at least this length: the one that is ready, or a new one.
    fn take(&self, length: u32) -> io::Result<Spare> {
        let ready = self.state().spare.take_if(|spare| spare.length >= length);
        let spare = match ready {
            Some(spare) => spare,
            None => self.make(length.max(self.length))?,
        };
        self.state().is_wanted = true;
        self.changed.notify_all();
        Ok(spare)
    }

    fn make(&self, length: u32) -> io::Result<Spare> {
        let number = {
            let mut state = self.state();
            state.made += 1;
            state.made
        };
        let path = self.segments.folder.join(format!("spare-{number}.new"));
        let file = self.segments.disk.create(&path)?;
        if let Err(error) = file.allocate(u64::from(length)) {
            self.segments.disk.remove(&path)?;
            return Err(error);
        }
        Ok(Spare { file, path, length })
    }

    /// The helper's work: keeps a spare file ready until it is told to end.
    pub(crate) fn keep_ready(&self) {
        loop {
            let mut state = self.state();
            while !state.is_closed
                && !state.is_wanted
                && state.cold.is_empty()
                && !self.has_zeros_to_write(&state)
            {
                state = self.changed.wait(state).expect("nobody panics while holding the spare");
            }
            if state.is_closed {
                return;
            }
            if state.is_wanted && state.spare.is_none() {
                drop(state);
                self.make_ready();
            } else if let Some(cold) = state.cold.next() {
                drop(state);
                self.drop_cache(cold);
            } else if self.has_zeros_to_write(&state) {
                self.write_slice(state);
            } else {
                state.is_wanted = false;
            }
        }
    }

    fn make_ready(&self) {
        let made = self.make(self.length);
        let mut state = self.state();
        state.is_wanted = false;
        match made {
            Ok(spare) => {
                state.spare = Some(spare);
                state.zeros = 0;
            }
            // The writer tries for itself when it needs one, and says what came of it.
            Err(error) => tracing::warn!(%error, "no file is ready for the next segment"),
        }
    }

    fn has_zeros_to_write(&self, state: &State) -> bool {
        let length = state.spare.as_ref().map_or(0, |spare| u64::from(spare.length));
        self.prewrite && state.zeros < length
    }

    /// Writes some zeros and syncs them, then lets the log have the disk. The spare file is held
    /// meanwhile: nothing is written into a segment behind the writer's back, and no failure of a
    /// sync is heard here that was about the writer's own bytes.
    fn write_slice(&self, mut state: MutexGuard<'_, State>) {
        let Some(spare) = &state.spare else { return };
        let (from, length) = (state.zeros, u64::from(spare.length));
        let to = (from + SLICE).min(length);
        let file = Arc::clone(&spare.file);
        let synced = write_zeros(file.as_ref(), from, to).and_then(|()| file.sync_data());
        state.zeros = to;
        if let Err(error) = synced {
            // A file that a sync has failed on is not to be trusted with anything.
            tracing::warn!(%error, "the file for the next segment is given up");
            if let Some(spare) = state.spare.take()
                && let Err(error) = self.segments.disk.remove(&spare.path)
            {
                tracing::debug!(%error, "a spare file stays until the log is opened again");
            }
        }
        drop(state);
        self.pause();
    }

    /// Waits a little, and for as long as the log keeps the disk busy.
    fn pause(&self) {
        let mut state = self.state();
        while !state.is_closed && state.spare.is_some() && state.cold.is_empty() {
            let before = self.written.load(Ordering::Relaxed);
            let waited = self.changed.wait_timeout(state, PAUSE);
            state = waited.expect("nobody panics while holding the spare").0;
            if self.written.load(Ordering::Relaxed) - before < BUSY_BYTES {
                return;
            }
        }
    }

    /// Says that a segment may leave the page cache. That takes as long as several syncs, so the
    /// helper does it.
    fn cool(&self, segment: u32) {
        let mut state = self.state();
        let first = if state.cold.is_empty() { segment } else { state.cold.start };
        state.cold = first..segment + 1;
        drop(state);
        self.changed.notify_all();
    }

    fn drop_cache(&self, segment: u32) {
        let cold = self.segments.get(segment).map(|segment| self.segments.file(&segment));
        match cold {
            Some(Ok(file)) => file.drop_cache(),
            Some(Err(error)) => tracing::debug!(%error, "a finished segment stays in memory"),
            None => {}
        }
    }

    /// Lets the helper end.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Removes the spare file: the next opening would.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match self.state().spare.take() {
            Some(spare) => self.segments.disk.remove(&spare.path),
            None => Ok(()),
        }
    }
}
