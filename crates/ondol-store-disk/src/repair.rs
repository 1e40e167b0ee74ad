//! Cutting a log by hand, when what follows is beyond help.
//!
//! This throws acknowledged events away, so a person says where to cut, and nothing is destroyed:
//! what is cut off goes to a folder beside. The log begins another life, so that a reader who has
//! seen what is gone notices; its index and snapshots, which may know of it, are made anew.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_kernel::Position;
use ondol_store::LogEpoch;

use crate::blank::written_to;
use crate::disk::{DiskFile, read_exact_at, read_up_to, write_all_at, write_zeros};
use crate::error::OpenError;
use crate::format::{
    GROUP_HEADER, GroupHeader, MANIFEST_NAME, Malformed, Manifest, Record, SEGMENT_HEADER,
    SegmentHeader, length32, padded, put, segment_name, segment_of,
};
use crate::open::{CUT_FOLDER, DERIVED_FOLDERS, Doors, disk_failed, lock, read_manifest};
use crate::recovery::check_records;

/// What is left of a log that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Where it ends now. It may end earlier than was asked: an append stays whole or goes.
    pub head: Position,
    /// Its new life.
    pub epoch: LogEpoch,
}

/// Cuts a log behind a position.
///
/// # Errors
/// When the log is not whole up to there, or the disk fails.
pub fn repair(folder: &Path, cut_after: Position, doors: &Doors) -> Result<Cut, OpenError> {
    let disk = doors.disk.as_ref();
    let failed = disk_failed(folder);
    let names = disk.list(folder).map_err(&failed)?;
    let _held = lock(disk, folder)?;
    let not_a_log =
        || OpenError::NotALog { folder: folder.to_owned(), found: format!("no {MANIFEST_NAME}") };
    let manifest = read_manifest(disk, folder)?.ok_or_else(not_a_log)?;
    let mut firsts: Vec<Position> = names.iter().filter_map(|name| segment_of(name)).collect();
    firsts.sort_unstable();
    let kept = firsts.partition_point(|first| *first <= cut_after.next()).max(1);
    let last = *firsts.get(kept - 1).ok_or_else(not_a_log)?;
    let place = find(doors, folder, &manifest, last, cut_after)?;

    // From here on the log is changed: first what says that it is another one now.
    let manifest = Manifest { epoch: doors.epoch(), ..manifest };
    manifest.store(disk, folder).map_err(&failed)?;
    for derived in DERIVED_FOLDERS {
        empty(doors, &folder.join(derived)).map_err(&failed)?;
    }
    let beside = folder.join(CUT_FOLDER);
    disk.create_folder(&beside).map_err(&failed)?;
    for first in firsts[kept..].iter().rev() {
        let name = segment_name(*first);
        disk.rename(&folder.join(&name), &beside.join(&name)).map_err(&failed)?;
    }
    disk.sync_folder(&beside).map_err(&failed)?;
    disk.sync_folder(folder).map_err(&failed)?;
    place.cut(doors, &beside).map_err(&failed)?;
    Ok(Cut { head: place.head, epoch: manifest.epoch })
}

fn empty(doors: &Doors, folder: &Path) -> io::Result<()> {
    doors.disk.create_folder(folder)?;
    for name in doors.disk.list(folder)? {
        doors.disk.remove(&folder.join(name))?;
    }
    doors.disk.sync_folder(folder)
}

/// Where a segment is cut.
struct Place {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    /// The last group that is kept, if only a part of it is, as it will be.
    rewritten: Option<(u64, Vec<u8>)>,
    offset: u64,
    head: Position,
}

/// Finds where to cut the segment that begins with a position.
fn find(
    doors: &Doors,
    folder: &Path,
    manifest: &Manifest,
    first: Position,
    cut_after: Position,
) -> Result<Place, OpenError> {
    let path = folder.join(segment_name(first));
    let failed = disk_failed(folder);
    let file = doors.disk.open(&path).map_err(&failed)?;
    let before = first.previous().unwrap_or(Position::START);
    let mut place =
        Place { file, path, rewritten: None, offset: SEGMENT_HEADER as u64, head: before };
    let mut header = [0; SEGMENT_HEADER];
    read_exact_at(place.file.as_ref(), &mut header, 0).map_err(&failed)?;
    SegmentHeader::decode(&header, manifest).map_err(|malformed| place.corrupt(malformed))?;
    let mut goes_on = place.head < cut_after;
    while goes_on {
        let read = place.read_group(manifest.salt()).map_err(&failed)?;
        let (header, bytes) = read.map_err(|malformed| place.corrupt(malformed))?;
        let is_whole = place.pass(header, &bytes, cut_after, manifest.salt());
        goes_on = is_whole && place.head < cut_after;
    }
    Ok(place)
}

impl Place {
    fn corrupt(&self, malformed: Malformed) -> OpenError {
        OpenError::Corrupt {
            file: self.path.clone(),
            offset: self.offset,
            after: self.head,
            problem: malformed.0.to_owned(),
        }
    }

    fn read_group(&self, salt: u32) -> io::Result<Result<(GroupHeader, Vec<u8>), Malformed>> {
        let mut header = [0; GROUP_HEADER];
        if read_up_to(self.file.as_ref(), &mut header, self.offset)? < GROUP_HEADER {
            return Ok(Err(Malformed("ends")));
        }
        let header = match GroupHeader::decode(&header, salt) {
            Ok(header) if header.first == self.head.next() => header,
            Ok(_) => return Ok(Err(Malformed("has a group of another position than is next"))),
            Err(malformed) => return Ok(Err(malformed)),
        };
        let mut bytes = vec![0; header.length as usize];
        let read = read_up_to(self.file.as_ref(), &mut bytes, self.offset + GROUP_HEADER as u64)?;
        if read < bytes.len() {
            return Ok(Err(Malformed("ends within a group")));
        }
        let checked = check_records(&header, &bytes, salt, crate::bug::Bugs::default());
        Ok(checked.map(|()| (header, bytes)))
    }

    /// Goes behind a group, or behind those of its records that are kept; answers whether all are.
    fn pass(&mut self, header: GroupHeader, bytes: &[u8], cut_after: Position, salt: u32) -> bool {
        let (mut at, mut records, mut sum, mut head) = (0, 0, 0, self.head);
        while let Ok(record) = Record::read(&bytes[at..], salt, true) {
            if record.last() > cut_after {
                break;
            }
            head = record.last();
            sum = crc32c::crc32c_append(sum, &record.header.sum.to_le_bytes());
            records += 1;
            at += record.header.length as usize;
        }
        let is_whole = records == header.records;
        if !is_whole && records > 0 {
            let kept = GroupHeader {
                length: length32(at),
                events: length32(crate::format::index(head.get() - self.head.get())),
                records,
                records_sum: sum,
                ..header
            };
            let mut group = vec![0; padded(GROUP_HEADER + at)];
            put(&mut group, 0, &kept.encode(salt));
            put(&mut group, GROUP_HEADER, &bytes[..at]);
            self.rewritten = Some((self.offset, group));
        }
        if records > 0 {
            self.offset += padded(GROUP_HEADER + at) as u64;
        }
        self.head = head;
        is_whole
    }

    fn cut(&self, doors: &Doors, beside: &Path) -> io::Result<()> {
        let length = self.file.length()?;
        let mut rest = vec![0; crate::format::index(length.saturating_sub(self.offset))];
        let read = read_up_to(self.file.as_ref(), &mut rest, self.offset)?;
        let written = written_to(&rest[..read]).unwrap_or(0);
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let copy = doors.disk.create(&beside.join(format!("{name}-from-{}", self.offset)))?;
        write_all_at(copy.as_ref(), &rest[..written], 0)?;
        copy.sync_data()?;
        doors.disk.sync_folder(beside)?;
        if let Some((offset, group)) = &self.rewritten {
            write_all_at(self.file.as_ref(), group, *offset)?;
        }
        write_zeros(self.file.as_ref(), self.offset, self.offset + written as u64)?;
        self.file.sync_data()
    }
}
