//! Which version each stream is at: sixteen bytes a stream, nothing more.
//!
//! The writer asks it for every append, so it is in memory whole, whatever the log's length: a
//! million streams take about 21 MB. It follows from the log; checkpoints on the disk only spare
//! the reading of the log from its beginning. Its parts grow one by one, so that growing neither
//! takes long at a time nor needs the memory twice.

mod checkpoint;

use std::sync::{Mutex, MutexGuard};

use ondol_kernel::Version;

use crate::format::index;
use crate::key::Fingerprint;

pub(crate) use checkpoint::{CheckpointWriter, checkpoint_of, load_checkpoint};

/// How many parts there are.
const SHARDS: usize = 256;
/// A part grows when it is fuller than this many sixteenths, by a quarter.
const FULLEST: usize = 13;
const SMALLEST: usize = 16;
/// A stream is mostly found within so many places: they lie in two lines of the cache.
const FETCHED: usize = 4;
const VERSION_BITS: u32 = 40;
const VERSION_MASK: u64 = (1 << VERSION_BITS) - 1;

/// The versions of all streams.
#[derive(Debug)]
pub(crate) struct Heads {
    table: Mutex<Table>,
}

/// The versions of all streams, held: by the writer for as long as it assigns a group, by others
/// for a part at a time.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Vec<Shard>,
}

/// The streams whose fingerprints begin alike, in a table of open places.
#[derive(Debug, Default)]
struct Shard {
    places: Vec<[u64; 2]>,
    used: usize,
}

/// The 87 bits that tell streams apart, where a place keeps them: the lower word shares its
/// place with the version, and is never zero, as that of an empty place is.
fn words(stream: Fingerprint) -> [u64; 2] {
    [stream.high, (stream.low | (1 << VERSION_BITS)) & !VERSION_MASK]
}

fn shard_of(low: u64) -> usize {
    index(low >> 56)
}

impl Heads {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { table: Mutex::new(Table { shards }) }
    }

    /// Holds all of it.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nobody panics while holding the heads")
    }

    /// The version a stream is at, unless the writer is at them.
    pub(crate) fn version_at_once(&self, stream: Fingerprint) -> Option<Version> {
        self.table.try_lock().ok().map(|table| table.version(stream))
    }

    /// Sets the version a stream is at, unless it is further on already.
    pub(crate) fn raise(&self, stream: Fingerprint, version: Version) {
        let mut table = self.hold();
        if table.version(stream) < version {
            table.set(stream, version);
        }
    }

    /// How many streams there are.
    pub(crate) fn len(&self) -> usize {
        self.hold().shards.iter().map(|shard| shard.used).sum()
    }

    /// A copy of one part.
    fn copy(&self, number: usize) -> Vec<[u64; 2]> {
        let table = self.hold();
        table.shards[number].places.iter().filter(|place| place[1] != 0).copied().collect()
    }

    fn fill(&self, number: usize, places: &[[u64; 2]]) {
        let shard = &mut self.hold().shards[number];
        shard.resize(places.len() * 16 / FULLEST + SMALLEST);
        for place in places {
            shard.set([place[0], place[1] & !VERSION_MASK], place[1] & VERSION_MASK);
        }
    }
}

impl Table {
    /// The version a stream is at.
    pub(crate) fn version(&self, stream: Fingerprint) -> Version {
        let words = words(stream);
        let shard = &self.shards[shard_of(words[1])];
        let found = shard.find(words).map(|place| shard.places[place][1] & VERSION_MASK);
        Version::new(found.unwrap_or(0))
    }

    /// Sets the version a stream is at.
    pub(crate) fn set(&mut self, stream: Fingerprint, version: Version) {
        let words = words(stream);
        self.shards[shard_of(words[1])].set(words, version.get());
    }

    /// Looks at the places of streams that will be asked for, one after the other and without
    /// waiting for any: the processor fetches many at once, where asking would fetch them singly.
    pub(crate) fn fetch(&self, streams: impl Iterator<Item = Fingerprint>) {
        let some_words = |stream: Fingerprint| {
            let words = words(stream);
            let shard = &self.shards[shard_of(words[1])];
            let start = shard.start(words[0]);
            let word = |at: usize| shard.places.get(at).map_or(0, |place| place[1]);
            word(start) ^ word(start + FETCHED)
        };
        std::hint::black_box(streams.fold(0, |sum, stream| sum ^ some_words(stream)));
    }
}

impl Shard {
    fn start(&self, high: u64) -> usize {
        let scaled = (u128::from(high) * self.places.len() as u128) >> 64;
        usize::try_from(scaled).expect("a part of the places' number is not above it")
    }

    fn find(&self, words: [u64; 2]) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let mut at = self.start(words[0]);
        loop {
            let place = self.places[at];
            if place[1] == 0 {
                return None;
            }
            if place[0] == words[0] && place[1] & !VERSION_MASK == words[1] {
                return Some(at);
            }
            at = if at + 1 == self.places.len() { 0 } else { at + 1 };
        }
    }

    fn set(&mut self, words: [u64; 2], version: u64) {
        assert!(version <= VERSION_MASK, "a stream does not come to 2^40 events");
        if let Some(place) = self.find(words) {
            self.places[place][1] = words[1] | version;
            return;
        }
        if (self.used + 1) * 16 > self.places.len() * FULLEST {
            self.resize((self.places.len() * 5 / 4).max(SMALLEST));
        }
        self.put([words[0], words[1] | version]);
    }

    fn put(&mut self, place: [u64; 2]) {
        let mut at = self.start(place[0]);
        while self.places[at][1] != 0 {
            at = if at + 1 == self.places.len() { 0 } else { at + 1 };
        }
        self.places[at] = place;
        self.used += 1;
    }

    fn resize(&mut self, length: usize) {
        if length <= self.places.len() {
            return;
        }
        let before = std::mem::replace(&mut self.places, vec![[0; 2]; length]);
        self.used = 0;
        before.into_iter().filter(|place| place[1] != 0).for_each(|place| self.put(place));
    }
}

#[cfg(test)]
mod tests;
