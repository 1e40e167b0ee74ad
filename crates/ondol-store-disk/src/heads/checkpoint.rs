//! Heads on the disk: a checkpoint, made part by part while the log goes on.
//!
//! A checkpoint says from which position on the log has to be read to bring it up to date. What
//! it says of a stream may be newer than that; reading raises versions and never lowers them, so
//! nothing is counted twice. It must only be kept once everything it may have seen is durable.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_kernel::Position;

use super::{Heads, SHARDS};
use crate::disk::{Disk, DiskFile, read_exact_at, write_all_at};
use crate::format::{Malformed, Manifest, checksum, get, index, put};

const MAGIC: &[u8; 8] = b"ONDOLHED";
const HEADER: usize = 64;
const ENTRY: usize = 16;

/// The name of the checkpoint from whose position on the log has to be read.
fn checkpoint_name(position: Position) -> String {
    format!("heads-{:020}.idx", position.get())
}

/// The position in a checkpoint's name; nothing if it is not the name of one.
pub(crate) fn checkpoint_of(name: &str) -> Option<Position> {
    let digits = name.strip_prefix("heads-")?.strip_suffix(".idx")?;
    digits.parse().ok().map(Position::new)
}

/// A checkpoint that is being written.
#[derive(Debug)]
pub(crate) struct CheckpointWriter {
    file: Arc<dyn DiskFile>,
    beside: PathBuf,
    path: PathBuf,
    manifest: Manifest,
    position: Position,
    offset: u64,
    sum: u32,
}

impl CheckpointWriter {
    /// Begins a checkpoint of heads that hold at least everything up to this position.
    pub(crate) fn begin(
        disk: &dyn Disk,
        folder: &Path,
        manifest: Manifest,
        position: Position,
    ) -> io::Result<Self> {
        let path = folder.join(checkpoint_name(position));
        let beside = path.with_extension("new");
        let file = disk.create(&beside)?;
        let (offset, sum) = (HEADER as u64, manifest.salt());
        Ok(Self { file, beside, path, manifest, position, offset, sum })
    }

    /// Writes all parts.
    pub(crate) fn write(&mut self, heads: &Heads) -> io::Result<()> {
        let mut bytes = Vec::new();
        for number in 0..SHARDS {
            let places = heads.copy(number);
            bytes.clear();
            bytes.extend_from_slice(&(places.len() as u64).to_le_bytes());
            for [high, low] in places {
                bytes.extend_from_slice(&high.to_le_bytes());
                bytes.extend_from_slice(&low.to_le_bytes());
            }
            self.sum = crc32c::crc32c_append(self.sum, &bytes);
            write_all_at(self.file.as_ref(), &bytes, self.offset)?;
            self.offset += bytes.len() as u64;
        }
        Ok(())
    }

    /// Puts the checkpoint in its place: everything it may have seen is durable.
    pub(crate) fn keep(self, disk: &dyn Disk) -> io::Result<()> {
        let mut header = [0; HEADER];
        put(&mut header, 0, MAGIC);
        put(&mut header, 8, &self.position.get().to_le_bytes());
        put(&mut header, 16, &self.manifest.log);
        put(&mut header, 32, &self.offset.to_le_bytes());
        put(&mut header, 40, &self.sum.to_le_bytes());
        let sum = checksum(self.manifest.salt(), &[&header]);
        put(&mut header, 60, &sum.to_le_bytes());
        write_all_at(self.file.as_ref(), &header, 0)?;
        self.file.sync_data()?;
        disk.rename(&self.beside, &self.path)?;
        disk.sync_folder(self.path.parent().unwrap_or_else(|| Path::new("/")))
    }

    /// Leaves the checkpoint unmade.
    pub(crate) fn give_up(self, disk: &dyn Disk) -> io::Result<()> {
        disk.remove(&self.beside)
    }
}

/// Fills heads from a checkpoint; false when it is not one that can be used.
pub(crate) fn load_checkpoint(
    disk: &dyn Disk,
    folder: &Path,
    manifest: &Manifest,
    position: Position,
    heads: &Heads,
) -> io::Result<bool> {
    let file = disk.open(&folder.join(checkpoint_name(position)))?;
    let mut header = [0; HEADER];
    if read_exact_at(file.as_ref(), &mut header, 0).is_err() {
        return Ok(false);
    }
    let Ok((length, sum)) = read_header(&header, manifest, position) else { return Ok(false) };
    if file.length()? < length || !sums_up(file.as_ref(), length, manifest.salt(), sum)? {
        return Ok(false);
    }
    let mut offset = HEADER as u64;
    for number in 0..SHARDS {
        let mut count = [0; 8];
        read_exact_at(file.as_ref(), &mut count, offset)?;
        let mut bytes = vec![0; index(u64::from_le_bytes(count)) * ENTRY];
        read_exact_at(file.as_ref(), &mut bytes, offset + 8)?;
        offset += 8 + bytes.len() as u64;
        let word = |at: &[u8]| u64::from_le_bytes(get(at, 0).unwrap_or_default());
        let places: Vec<[u64; 2]> =
            bytes.chunks_exact(ENTRY).map(|entry| [word(entry), word(&entry[8..])]).collect();
        heads.fill(number, &places);
    }
    Ok(true)
}

fn read_header(
    header: &[u8; HEADER],
    manifest: &Manifest,
    position: Position,
) -> Result<(u64, u32), Malformed> {
    let mut unsummed = *header;
    put(&mut unsummed, 60, &[0; 4]);
    let is_ours = get(header, 0)? == *MAGIC
        && get(header, 8)? == position.get().to_le_bytes()
        && get(header, 16)? == manifest.log
        && get(header, 60)? == checksum(manifest.salt(), &[&unsummed]).to_le_bytes();
    if !is_ours {
        return Err(Malformed("is no checkpoint of this log"));
    }
    Ok((u64::from_le_bytes(get(header, 32)?), u32::from_le_bytes(get(header, 40)?)))
}

/// Whether everything behind the header fits the checksum, looked at piece by piece.
fn sums_up(file: &dyn DiskFile, length: u64, salt: u32, expected: u32) -> io::Result<bool> {
    let mut bytes = vec![0; 1 << 20];
    let (mut offset, mut sum) = (HEADER as u64, salt);
    while offset < length {
        let piece = index((length - offset).min(bytes.len() as u64));
        read_exact_at(file, &mut bytes[..piece], offset)?;
        sum = crc32c::crc32c_append(sum, &bytes[..piece]);
        offset += piece as u64;
    }
    Ok(sum == expected)
}
