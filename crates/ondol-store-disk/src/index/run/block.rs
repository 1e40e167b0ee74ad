//! A block of a run: a directory of entries, and their postings.

use super::Posting;
use crate::format::{Address, Cursor, Malformed, checksum, get, put, put_varint};
use crate::key::Key;

/// How long a block is.
pub(crate) const BLOCK: usize = 4096;
const HEADER: usize = 8;
const ENTRY: usize = 16;
/// An entry with more bytes of postings than this is ended, and the key goes on in another.
const ENTRY_BYTES_MAX: usize = 2048;

/// A block that fits its checksum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    bytes: &'a [u8],
    count: usize,
}

/// Postings of one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Key,
    count: u16,
    bytes: &'a [u8],
}

impl<'a> Block<'a> {
    pub(crate) fn read(bytes: &'a [u8], salt: u32) -> Result<Self, Malformed> {
        let sum = u32::from_le_bytes(get(bytes, 0)?);
        if bytes.len() != BLOCK || sum != checksum(salt, &[&bytes[4..]]) {
            return Err(Malformed("has a block that does not fit its checksum"));
        }
        let count = usize::from(u16::from_le_bytes(get(bytes, 4)?));
        if HEADER + count * ENTRY > BLOCK {
            return Err(Malformed("has a block with more entries than fit"));
        }
        Ok(Self { bytes, count })
    }

    fn key(&self, nth: usize) -> Key {
        let at = HEADER + nth * ENTRY;
        Key {
            high: u64::from_le_bytes(get(self.bytes, at).unwrap_or_default()),
            low: u32::from_le_bytes(get(self.bytes, at + 8).unwrap_or_default()),
        }
    }

    fn entry(&self, nth: usize) -> Entry<'a> {
        let at = HEADER + nth * ENTRY;
        let half = |at: usize| u16::from_le_bytes(get(self.bytes, at).unwrap_or_default());
        let bytes = self.bytes.get(usize::from(half(at + 14))..).unwrap_or_default();
        Entry { key: self.key(nth), count: half(at + 12), bytes }
    }

    /// All entries, in order.
    pub(crate) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        (0..self.count).map(move |nth| self.entry(nth))
    }

    /// The entries of one key, in order.
    pub(crate) fn entries_of(self, key: Key) -> impl Iterator<Item = Entry<'a>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low..self.count).map(move |nth| self.entry(nth)).take_while(move |entry| entry.key == key)
    }
}

impl<'a> Entry<'a> {
    /// The postings, by number.
    pub(crate) fn postings(self) -> impl Iterator<Item = Posting> + 'a {
        let mut cursor = Cursor::new(self.bytes);
        let (mut number, mut address) = (0u64, 0u64);
        (0..self.count).map_while(move |_| {
            number = number.wrapping_add(cursor.varint().ok()?);
            address = address.wrapping_add(cursor.varint().ok()?);
            Some(Posting { number, address: Address::from_bits(address) })
        })
    }
}

/// A block that is full, and the key and number that it begins with.
#[derive(Debug)]
pub(crate) struct FullBlock {
    pub(crate) key: Key,
    pub(crate) number: u64,
    pub(crate) bytes: Box<[u8; BLOCK]>,
}

/// Fills blocks with postings that come by key and number.
#[derive(Debug, Default)]
pub(crate) struct BlockWriter {
    ended: Vec<EndedEntry>,
    data: Vec<u8>,
    open: Option<OpenEntry>,
    entry: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct EndedEntry {
    key: Key,
    number: u64,
    count: u16,
    at: usize,
}

#[derive(Debug, Clone, Copy)]
struct OpenEntry {
    key: Key,
    number: u64,
    count: u16,
    last: Posting,
}

impl BlockWriter {
    /// Adds a posting; answers a block when one has become full.
    pub(crate) fn add(&mut self, key: Key, posting: Posting, salt: u32) -> Option<FullBlock> {
        if self.open.is_none_or(|open| open.key != key) || self.entry.len() > ENTRY_BYTES_MAX {
            self.end_entry();
        }
        let (number, address) = (posting.number, posting.address.bits());
        let mut open = self.open.unwrap_or(OpenEntry {
            key,
            number,
            count: 0,
            last: Posting { number: 0, address: Address::from_bits(0) },
        });
        put_varint(&mut self.entry, number.wrapping_sub(open.last.number));
        put_varint(&mut self.entry, address.wrapping_sub(open.last.address.bits()));
        open.last = posting;
        open.count += 1;
        self.open = Some(open);
        let directory = HEADER + (self.ended.len() + 1) * ENTRY;
        let is_full = directory + self.data.len() + self.entry.len() > BLOCK;
        // The entry that no longer fits begins the next block.
        if is_full { self.write(salt) } else { None }
    }

    fn end_entry(&mut self) {
        if let Some(OpenEntry { key, number, count, .. }) = self.open.take() {
            self.ended.push(EndedEntry { key, number, count, at: self.data.len() });
            self.data.append(&mut self.entry);
        }
    }

    /// The last block, if anything is in it.
    pub(crate) fn finish(&mut self, salt: u32) -> Option<FullBlock> {
        self.end_entry();
        self.write(salt)
    }

    /// The entries that were ended, as a block; they are gone then.
    fn write(&mut self, salt: u32) -> Option<FullBlock> {
        let first = *self.ended.first()?;
        let mut block = Box::new([0; BLOCK]);
        let bytes = block.as_mut_slice();
        let half = |number: usize| u16::try_from(number).expect("a block has 4 KiB").to_le_bytes();
        put(bytes, 4, &half(self.ended.len()));
        let data_at = HEADER + self.ended.len() * ENTRY;
        for (nth, entry) in self.ended.drain(..).enumerate() {
            let place = HEADER + nth * ENTRY;
            put(bytes, place, &entry.key.high.to_le_bytes());
            put(bytes, place + 8, &entry.key.low.to_le_bytes());
            put(bytes, place + 12, &entry.count.to_le_bytes());
            put(bytes, place + 14, &half(data_at + entry.at));
        }
        put(bytes, data_at, &self.data);
        self.data.clear();
        let sum = checksum(salt, &[&bytes[4..]]);
        put(bytes, 0, &sum.to_le_bytes());
        Some(FullBlock { key: first.key, number: first.number, bytes: block })
    }
}
