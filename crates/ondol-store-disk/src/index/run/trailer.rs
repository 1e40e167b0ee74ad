//! The end of a run's file: what the run holds, and what of it is kept in memory.

use std::io;

use ondol_kernel::Position;

use super::{BLOCK, End, Fence, Filter, Mark};
use crate::disk::{DiskFile, read_exact_at};
use crate::format::{Address, Malformed, Manifest, checksum, get, index, put};
use crate::key::Key;

const LENGTH: usize = 128;
const MAGIC: &[u8; 8] = b"ONDOLRUN";
const FENCE: usize = 20;
const MARK: usize = 16;

/// What is kept of a run in memory.
pub(super) type Kept = (Vec<Fence>, Filter, Vec<Mark>);

/// What a run says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailer {
    pub(super) after: Position,
    pub(super) end: End,
    pub(super) level: u32,
    pub(super) keys: u64,
    pub(super) blocks: u64,
    pub(super) marks: u64,
    pub(super) kept_length: u64,
    pub(super) kept_sum: u32,
}

impl Trailer {
    pub(super) fn encode(&self, manifest: &Manifest) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &manifest.log);
        put(&mut bytes, 24, &self.after.get().to_le_bytes());
        put(&mut bytes, 32, &self.end.position.get().to_le_bytes());
        put(&mut bytes, 40, &self.end.address.bits().to_le_bytes());
        put(&mut bytes, 48, &self.keys.to_le_bytes());
        put(&mut bytes, 56, &self.blocks.to_le_bytes());
        put(&mut bytes, 64, &self.marks.to_le_bytes());
        put(&mut bytes, 72, &self.kept_length.to_le_bytes());
        put(&mut bytes, 80, &self.kept_sum.to_le_bytes());
        put(&mut bytes, 84, &self.level.to_le_bytes());
        let sum = checksum(manifest.salt(), &[&bytes]);
        put(&mut bytes, 124, &sum.to_le_bytes());
        bytes
    }

    /// The trailer of a run of this log; nothing if there is none.
    pub(super) fn read(file: &dyn DiskFile, manifest: &Manifest) -> io::Result<Option<Self>> {
        let Some(at) = file.length()?.checked_sub(LENGTH as u64) else { return Ok(None) };
        let mut bytes = [0; LENGTH];
        read_exact_at(file, &mut bytes, at)?;
        let trailer = Self::decode(&bytes, manifest).ok();
        Ok(trailer.filter(|found| found.blocks * BLOCK as u64 + found.kept_length == at))
    }

    fn decode(bytes: &[u8; LENGTH], manifest: &Manifest) -> Result<Self, Malformed> {
        let mut unsummed = *bytes;
        put(&mut unsummed, 124, &[0; 4]);
        let is_ours = get(bytes, 0)? == *MAGIC
            && get(bytes, 8)? == manifest.log
            && get(bytes, 124)? == checksum(manifest.salt(), &[&unsummed]).to_le_bytes();
        if !is_ours {
            return Err(Malformed("is no part of this log's index"));
        }
        let number = |at: usize| Ok(u64::from_le_bytes(get(bytes, at)?));
        Ok(Self {
            after: Position::new(number(24)?),
            end: End {
                position: Position::new(number(32)?),
                address: Address::from_bits(number(40)?),
            },
            keys: number(48)?,
            blocks: number(56)?,
            marks: number(64)?,
            kept_length: number(72)?,
            kept_sum: u32::from_le_bytes(get(bytes, 80)?),
            level: u32::from_le_bytes(get(bytes, 84)?),
        })
    }

    pub(super) fn encode_kept(fences: &[Fence], filter: &Filter, marks: &[Mark]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for Fence { key, number } in fences {
            bytes.extend_from_slice(&key.high.to_le_bytes());
            bytes.extend_from_slice(&key.low.to_le_bytes());
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for Mark { position, address } in marks {
            bytes.extend_from_slice(&position.get().to_le_bytes());
            bytes.extend_from_slice(&address.bits().to_le_bytes());
        }
        bytes.extend(filter.encode());
        bytes
    }

    /// What is kept in memory; nothing if it does not fit its checksum.
    pub(super) fn read_kept(&self, file: &dyn DiskFile) -> io::Result<Option<Kept>> {
        let mut bytes = vec![0; index(self.kept_length)];
        read_exact_at(file, &mut bytes, self.blocks * BLOCK as u64)?;
        if crc32c::crc32c(&bytes) != self.kept_sum {
            return Ok(None);
        }
        let fences_end = index(self.blocks) * FENCE;
        let marks_end = fences_end + index(self.marks) * MARK;
        let (Some(fences), Some(marks), Some(filter)) =
            (bytes.get(..fences_end), bytes.get(fences_end..marks_end), bytes.get(marks_end..))
        else {
            return Ok(None);
        };
        let word = |at: &[u8], from: usize| u64::from_le_bytes(get(at, from).unwrap_or_default());
        let fence = |at: &[u8]| Fence {
            key: Key { high: word(at, 0), low: u32::from_le_bytes(get(at, 8).unwrap_or_default()) },
            number: word(at, 12),
        };
        let mark = |at: &[u8]| Mark {
            position: Position::new(word(at, 0)),
            address: Address::from_bits(word(at, 8)),
        };
        let fences = fences.chunks_exact(FENCE).map(fence).collect();
        let marks = marks.chunks_exact(MARK).map(mark).collect();
        Ok(Some((fences, Filter::decode(filter), marks)))
    }
}
