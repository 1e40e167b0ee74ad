//! The keys and their numbers: bounded, in shards so that calls for different keys do not meet.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    time::Duration,
};

use crate::{
    Tick,
    sync::{AtomicU64, Mutex, Ordering, lock},
};

const SHARDS: usize = 16;
/// A full table looks for quiet keys at most this often, so that a flood of new keys is not made
/// dearer by the search.
const SWEEP_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Table {
    shards: Box<[Mutex<Shard>]>,
    /// Keys in all shards.
    keys: AtomicU64,
    /// The bucket of all keys that find no room.
    shared: Mutex<u64>,
    next_sweep: AtomicU64,
}

/// For each key, when its bucket will be empty.
type Shard = HashMap<u64, u64, BuildHasherDefault<AlreadyHashed>>;

impl Table {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            keys: AtomicU64::new(0),
            shared: Mutex::new(0),
            next_sweep: AtomicU64::new(0),
        }
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
        loop {
            let mut shard = lock!(self.shards[place]);
            if let Some(empty_at) = shard.get_mut(&hash) {
                return work(empty_at, false);
            }
            if self.take_room(keys_max) {
                return work(shard.entry(hash).or_insert(0), false);
            }
            // The sweep takes the lock of each shard in turn, so this one must be free.
            drop(shard);
            if !self.sweep_if_due(now) {
                return work(&mut lock!(self.shared), true);
            }
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.keys.load(Ordering::Acquire)
    }

    fn take_room(&self, keys_max: u32) -> bool {
        let taken = self.keys.fetch_update(Ordering::AcqRel, Ordering::Acquire, |keys| {
            (keys < u64::from(keys_max)).then_some(keys + 1)
        });
        taken.is_ok()
    }

    /// Forgets keys whose buckets are empty; false if that was done only just now.
    fn sweep_if_due(&self, now: Tick) -> bool {
        let due = self.next_sweep.fetch_update(Ordering::AcqRel, Ordering::Acquire, |due| {
            (now.as_nanos() >= due).then(|| now.after(SWEEP_EVERY).as_nanos())
        });
        if due.is_err() {
            return false;
        }
        for shard in &self.shards {
            let mut shard = lock!(shard);
            let before = shard.len();
            shard.retain(|_, empty_at| *empty_at > now.as_nanos());
            self.keys.fetch_sub((before - shard.len()) as u64, Ordering::AcqRel);
        }
        true
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
