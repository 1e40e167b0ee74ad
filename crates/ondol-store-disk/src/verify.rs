//! Looking through a whole log, byte by byte, without changing anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_kernel::{Position, Version};
use ondol_store::LogEpoch;

use crate::disk::{Disk, Looking};
use crate::error::OpenError;
use crate::format::{Address, MANIFEST_NAME, Malformed, Record, SEGMENT_HEADER, length32};
use crate::heads::{Heads, Table};
use crate::index::End;
use crate::key::Fingerprints;
use crate::open::{disk_failed, read_manifest, read_segments};
use crate::recovery::Groups;
use crate::segments::Segments;

/// What was found in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Which life of the log it is.
    pub epoch: LogEpoch,
    /// The position of the last event.
    pub head: Position,
    /// How many segments there are.
    pub segments: usize,
    /// How many groups there are.
    pub groups: u64,
    /// How many appends there are.
    pub appends: u64,
    /// How many streams there are.
    pub streams: usize,
    /// A group at the end that is not whole: it is being written, or a crash has torn it and the
    /// next opening will cut it off.
    pub torn: Option<TornEnd>,
}

/// A group at the end of a log that was being written when the machine stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornEnd {
    /// Which file.
    pub file: PathBuf,
    /// From which byte on.
    pub offset: u64,
}

/// Reads all of a log and checks every checksum, every position and every version. It takes no
/// lock and changes nothing; of a log that is written to meanwhile it checks what it finds.
///
/// # Errors
/// The first place at which the log is not whole, or why it cannot be read.
pub fn verify(folder: &Path, disk: &Arc<dyn Disk>) -> Result<Verified, OpenError> {
    let not_a_log =
        || OpenError::NotALog { folder: folder.to_owned(), found: format!("no {MANIFEST_NAME}") };
    disk.list(folder).map_err(disk_failed(folder))?;
    let disk: Arc<dyn Disk> = Arc::new(Looking(Arc::clone(disk)));
    let manifest = read_manifest(disk.as_ref(), folder)?.ok_or_else(not_a_log)?;
    let list = read_segments(disk.as_ref(), folder, &manifest)?;
    let count = list.len();
    let segments = Segments::new(disk, folder.to_owned(), manifest, list, 8);
    let address = Address::new(0, length32(SEGMENT_HEADER));
    let start = End { position: Position::START, address };
    let mut found = Verified {
        epoch: manifest.epoch,
        head: Position::START,
        segments: count,
        groups: 0,
        appends: 0,
        streams: 0,
        torn: None,
    };
    if count == 0 {
        return Ok(found);
    }
    let (heads, keys) = (Heads::new(), Fingerprints::new(&manifest.key));
    let mut groups = Groups::of_live(&segments, start)?;
    let tail = loop {
        match groups.next()? {
            Ok(group) => {
                found.groups += 1;
                for (address, record) in group.records() {
                    found.appends += 1;
                    let checked = check_versions(&record, &mut heads.hold(), &keys);
                    checked.map_err(|malformed| at(&segments, address, &record, malformed))?;
                }
            }
            Err(tail) => break tail,
        }
    };
    found.head = tail.end.position;
    found.streams = heads.len();
    found.torn = tail.torn.map(|torn| TornEnd { file: torn.file, offset: torn.from });
    Ok(found)
}

fn at(segments: &Segments, address: Address, record: &Record<'_>, found: Malformed) -> OpenError {
    let file = segments.get(address.segment()).map(|segment| segment.path.clone());
    OpenError::Corrupt {
        file: file.unwrap_or_else(|| segments.folder.clone()),
        offset: address.offset().into(),
        after: record.header.first.previous().unwrap_or(Position::START),
        problem: found.0.to_owned(),
    }
}

/// Each event has the version after the one before it of its stream.
fn check_versions(
    record: &Record<'_>,
    heads: &mut Table,
    keys: &Fingerprints,
) -> Result<(), Malformed> {
    record.walk(|section, event| {
        let stream = keys.stream(section.stream);
        if heads.version(stream) != event.version.previous().unwrap_or(Version::new(u64::MAX)) {
            return Err(Malformed("has an event of another version than is next in its stream"));
        }
        heads.set(stream, event.version);
        Ok(())
    })
}
