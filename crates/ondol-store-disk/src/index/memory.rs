//! The newest part of the index, in memory.
//!
//! Postings lie in the order in which they came, each with the number of the one before it of
//! the same key, so adding one costs one lookup and nothing is allocated for it.

use super::{End, Mark, Posting};
use crate::format::{Address, length32};
use crate::key::Key;

const SMALLEST: usize = 1 << 10;
/// A table that gets more postings than this is given room for all that it will hold: a larger one
/// would have to be given its memory, and be copied, again and again.
const SMALL: usize = 1 << 14;

/// A table of postings by key.
#[derive(Debug)]
pub(crate) struct MemoryTable {
    places: Vec<Place>,
    keys: usize,
    slots: Vec<Slot>,
    /// How many postings it holds when it is full.
    room: usize,
    marks: Vec<Mark>,
    start: End,
    end: End,
}

/// Where a key's newest posting lies; none is zero.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    high: u64,
    low: u32,
    newest: u32,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    high: u64,
    low: u32,
    /// The number of the slot before it of the same key, from one on; none is zero.
    before: u32,
    number: u64,
    address: Address,
}

impl MemoryTable {
    /// A table for so many postings that come after `start`.
    pub(crate) fn new(start: End, room: usize) -> Self {
        Self {
            places: vec![Place::default(); SMALLEST],
            keys: 0,
            slots: Vec::new(),
            room,
            marks: Vec::new(),
            start,
            end: start,
        }
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.places.fill(Place::default());
        self.keys = 0;
        self.slots.clear();
        self.marks.clear();
    }

    /// An empty table, for what comes after `start`.
    pub(crate) fn starting(self, start: End) -> Self {
        debug_assert!(self.slots.is_empty() && self.keys == 0, "it was cleared");
        Self { start, end: start, ..self }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn room(&self) -> usize {
        self.room
    }

    pub(crate) fn start(&self) -> End {
        self.start
    }

    pub(crate) fn end(&self) -> End {
        self.end
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    pub(crate) fn add(&mut self, postings: &[(Key, Posting)], marks: &[Mark], end: End) {
        self.make_room(postings.len());
        self.fetch(postings.iter().map(|(key, _)| *key));
        for (key, posting) in postings {
            self.add_one(*key, *posting);
        }
        self.marks.extend_from_slice(marks);
        self.end = end;
    }

    fn make_room(&mut self, more: usize) {
        let needed = self.slots.len() + more;
        if needed > self.slots.capacity() && needed > SMALL {
            self.slots.reserve(needed.max(self.room) - self.slots.len());
        }
    }

    fn add_one(&mut self, key: Key, posting: Posting) {
        if (self.keys + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        let at = self.place(key);
        let slot = length32(self.slots.len()) + 1;
        let place = &mut self.places[at];
        let before = std::mem::replace(&mut place.newest, slot);
        (place.high, place.low) = (key.high, key.low);
        self.keys += usize::from(before == 0);
        let Posting { number, address } = posting;
        self.slots.push(Slot { high: key.high, low: key.low, before, number, address });
    }

    /// Looks at the places of keys one after the other and without waiting for any: the processor
    /// fetches many at once.
    fn fetch(&self, keys: impl Iterator<Item = Key>) {
        std::hint::black_box(keys.fold(0, |sum, key| sum ^ self.glance(key)));
    }

    /// Something of what will be asked for: looking at it has it fetched.
    pub(crate) fn glance(&self, key: Key) -> u32 {
        self.places[self.first_place(key)].newest
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.places[self.place(key)].newest != 0
    }

    fn first_place(&self, key: Key) -> usize {
        crate::format::index(key.high >> 16) & (self.places.len() - 1)
    }

    /// Where a key's place is, or would be.
    fn place(&self, key: Key) -> usize {
        let mask = self.places.len() - 1;
        let mut at = self.first_place(key);
        loop {
            let place = &self.places[at];
            if place.newest == 0 || (place.high, place.low) == (key.high, key.low) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let twice = vec![Place::default(); self.places.len() * 2];
        let before = std::mem::replace(&mut self.places, twice);
        for place in before.into_iter().filter(|place| place.newest != 0) {
            let at = self.place(Key { high: place.high, low: place.low });
            self.places[at] = place;
        }
    }

    /// A key's postings, newest first.
    fn newest_first(&self, key: Key) -> impl Iterator<Item = Posting> {
        let mut next = self.places[self.place(key)].newest;
        std::iter::from_fn(move || {
            let slot = self.slots[next.checked_sub(1)? as usize];
            next = slot.before;
            Some(Posting { number: slot.number, address: slot.address })
        })
    }

    pub(crate) fn forward(&self, key: Key, from: u64, most: usize, found: &mut Vec<Posting>) {
        let begun = found.len();
        for posting in self.newest_first(key) {
            found.push(posting);
            if posting.number <= from {
                break;
            }
        }
        found[begun..].reverse();
        // What comes from here is newer than what was found: an older one that only may reach up
        // to the number gives way.
        if begun > 0 && found.get(begun).is_some_and(|posting| posting.number <= from) {
            found.drain(..begun);
        }
        found.truncate(most);
    }

    pub(crate) fn backward(&self, key: Key, upto: u64, limit: usize, found: &mut Vec<Posting>) {
        let older = self.newest_first(key).skip_while(|posting| posting.number > upto);
        let room = limit.saturating_sub(found.len());
        found.extend(older.take(room));
    }

    /// The last mark at or before a position, or the table's beginning.
    pub(crate) fn mark(&self, position: ondol_kernel::Position) -> Mark {
        let at = self.marks.partition_point(|mark| mark.position <= position);
        let first = Mark { position: self.start.position.next(), address: self.start.address };
        at.checked_sub(1).map_or(first, |at| self.marks[at])
    }

    /// All postings, by key and number. They are dealt into heaps by their keys' first bits, so
    /// that what is sorted at a time is small.
    pub(crate) fn sorted(&self) -> Vec<(Key, Posting)> {
        const HEAP: usize = 128;
        let heaps = (self.slots.len() / HEAP).next_power_of_two().min(1 << 12);
        let shift = u64::BITS - heaps.trailing_zeros();
        let heap = |high: u64| crate::format::index(high.checked_shr(shift).unwrap_or(0));
        let mut ends = vec![0; heaps];
        self.slots.iter().for_each(|slot| ends[heap(slot.high)] += 1);
        let mut next: Vec<usize> = Vec::with_capacity(heaps);
        let mut sum = 0;
        for end in &mut ends {
            next.push(sum);
            sum += *end;
            *end = sum;
        }
        let nothing = Posting { number: 0, address: Address::default() };
        let mut all = vec![(Key::default(), nothing); self.slots.len()];
        for slot in &self.slots {
            let place = &mut next[heap(slot.high)];
            let key = Key { high: slot.high, low: slot.low };
            all[*place] = (key, Posting { number: slot.number, address: slot.address });
            *place += 1;
        }
        let mut begin = 0;
        for end in ends {
            all[begin..end].sort_unstable_by_key(|(key, posting)| (*key, posting.number));
            begin = end;
        }
        all
    }

    /// How many keys there are.
    pub(crate) fn keys(&self) -> u64 {
        self.keys as u64
    }
}
