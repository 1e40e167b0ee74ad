//! The keys and their numbers: bounded, in shards so that calls for different keys do not meet.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    time::Duration,
};

use crate::{
    Tick,
    clock::nanos,
    sync::{Mutex, lock},
};

const SHARDS: usize = 16;
/// A full shard looks for quiet keys at most this often, so that a flood of new keys is not made
/// dearer by the search.
const SWEEP_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Table {
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug, Default)]
struct Shard {
    empty_at: HashMap<u64, u64, BuildHasherDefault<AlreadyHashed>>,
    /// For keys that find no room.
    shared: u64,
    next_sweep: u64,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// Works on the number of a key; the flag says that it is the shared one.
    pub(super) fn with<T>(
        &self,
        hash: u64,
        now: Tick,
        keys_max: u32,
        work: impl FnOnce(&mut u64, bool) -> T,
    ) -> T {
        let place = usize::try_from(hash >> 60).expect("four bits are an index");
        let mut shard = lock!(self.shards[place]);
        if let Some(empty_at) = shard.empty_at.get_mut(&hash) {
            return work(empty_at, false);
        }
        let room = usize::try_from(keys_max).unwrap_or(usize::MAX).div_ceil(SHARDS);
        if shard.has_room(room, now.as_nanos()) {
            return work(shard.empty_at.entry(hash).or_insert(0), false);
        }
        work(&mut shard.shared, true)
    }

    pub(super) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| lock!(shard).empty_at.len() as u64).sum()
    }
}

impl Shard {
    fn has_room(&mut self, room: usize, now: u64) -> bool {
        if self.empty_at.len() < room {
            return true;
        }
        if now < self.next_sweep {
            return false;
        }
        self.next_sweep = now.saturating_add(nanos(SWEEP_EVERY));
        self.empty_at.retain(|_, empty_at| *empty_at > now);
        self.empty_at.len() < room
    }
}

/// Takes a key's hash for what it is.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
