//! What is known of each key: bounded, and in shards, so that requests of different clients do not meet.
//!
//! A key is known by a 64-bit hash with a secret seed, so that nobody can choose keys that meet. When
//! there is no room, one of the next few in turn goes: the one that has used least, so that what is lost
//! is least, and whoever has used up his budget cannot get it back by inventing keys.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::share::Share;
use super::window::Window;

const SHARDS: usize = 16;
/// Below this number of keys there is one shard, so that the number means what it says.
const KEYS_FOR_SHARDS: usize = 1024;
/// How many are looked at to find the one that goes.
const LOOKED_AT: usize = 8;

/// What is known of a key.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) window: Window,
    /// What is held of it from where the limit is shared.
    pub(crate) share: Option<Box<Share>>,
}

/// All keys of a limit.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Mutex<Shard>]>,
    keys: AtomicU64,
    forgotten: AtomicU64,
}

#[derive(Debug, Default)]
struct Shard {
    places: HashMap<u64, usize, BuildHasherDefault<AlreadyHashed>>,
    slots: Vec<(u64, Entry)>,
    /// Whose turn it is to be looked at.
    turn: usize,
}

impl Table {
    pub(crate) fn new(keys_max: u32) -> Self {
        let shards = if wide(keys_max) < KEYS_FOR_SHARDS { 1 } else { SHARDS };
        let shards = (0..shards).map(|_| Mutex::default()).collect();
        Self { shards, keys: AtomicU64::new(0), forgotten: AtomicU64::new(0) }
    }

    /// Works on what is known of a key, which may be nothing yet.
    pub(crate) fn with<T>(&self, hash: u64, room: Room, work: impl FnOnce(&mut Entry) -> T) -> T {
        let mut shard = self.shard(hash);
        let place = match shard.places.get(&hash) {
            Some(place) => *place,
            None => self.enter(&mut shard, hash, room),
        };
        work(&mut shard.slots[place].1)
    }

    /// The same for a key of which something is known.
    pub(crate) fn with_known<T>(&self, hash: u64, work: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut shard = self.shard(hash);
        let place = *shard.places.get(&hash)?;
        Some(work(&mut shard.slots[place].1))
    }

    /// Keys of which something is known, and how many were forgotten for want of room.
    pub(crate) fn counted(&self) -> (u64, u64) {
        (self.keys.load(Ordering::Relaxed), self.forgotten.load(Ordering::Relaxed))
    }

    fn shard(&self, hash: u64) -> std::sync::MutexGuard<'_, Shard> {
        let number = usize::try_from(hash >> 60).expect("four bits are an index");
        let shard = &self.shards[number % self.shards.len()];
        shard.lock().expect("nobody panics while holding a shard")
    }

    fn enter(&self, shard: &mut Shard, hash: u64, room: Room) -> usize {
        let slots_max = (wide(room.keys_max) / self.shards.len()).max(1);
        while shard.slots.len() > slots_max {
            let victim = shard.victim(room);
            shard.remove(victim);
            self.keys.fetch_sub(1, Ordering::Relaxed);
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        }
        let place = shard.slots.len();
        if place < slots_max {
            self.keys.fetch_add(1, Ordering::Relaxed);
            shard.slots.push((hash, Entry::default()));
            shard.places.insert(hash, place);
            return place;
        }
        let victim = shard.victim(room);
        let (gone, entry) = &mut shard.slots[victim];
        if entry.window.used(room.per, room.now) > 0 {
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        }
        let gone = std::mem::replace(gone, hash);
        *entry = Entry::default();
        shard.places.remove(&gone);
        shard.places.insert(hash, victim);
        victim
    }
}

/// What a table may hold now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) keys_max: u32,
    pub(crate) per: Duration,
    pub(crate) now: Duration,
}

impl Shard {
    /// Of the next few, the first that has used nothing lately, or the one that has used least.
    fn victim(&mut self, room: Room) -> usize {
        let length = self.slots.len();
        let mut least = (u32::MAX, Duration::MAX, 0);
        for _ in 0..LOOKED_AT.min(length) {
            self.turn = (self.turn + 1) % length;
            let window = &mut self.slots[self.turn].1.window;
            let one = (window.used(room.per, room.now), window.last(), self.turn);
            least = least.min(one);
            if least.0 == 0 {
                break;
            }
        }
        least.2
    }

    fn remove(&mut self, place: usize) {
        let (hash, _) = self.slots.swap_remove(place);
        self.places.remove(&hash);
        if let Some((moved, _)) = self.slots.get(place) {
            self.places.insert(*moved, place);
        }
    }
}

fn wide(keys: u32) -> usize {
    usize::try_from(keys).unwrap_or(usize::MAX)
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

#[cfg(test)]
mod tests;
