//! Opening a log: whose it is, what it holds, where it ends.

mod doors;
mod found;
mod look;
mod threads;

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use ondol_kernel::Position;

pub use self::doors::Doors;
use self::found::Found;
use crate::disk::{Disk, read_exact_at, read_file, write_all_at};
use crate::error::{OpenError, RecordError};
use crate::format::{
    Address, MANIFEST_NAME, Malformed, Manifest, Record, SEGMENT_HEADER, SegmentHeader, length32,
    segment_of,
};
use crate::heads::{Heads, checkpoint_of, load_checkpoint};
use crate::index::{End, Index, Run, run_of};
use crate::indexer::write_run;
use crate::key::Fingerprints;
use crate::options::Options;
use crate::reader::{Reader, Scan};
use crate::recovery::{Groups, Tail, cut};
use crate::segments::{Segment, Segments};
use crate::store::DiskStore;

/// The file that is locked while a log is open.
const LOCK_NAME: &str = "lock";
/// The folder of what follows from the log.
const INDEX_FOLDER: &str = "index";
const SNAPSHOT_FOLDER: &str = "snapshots";
/// What may know of events that a log no longer has.
pub(crate) const DERIVED_FOLDERS: [&str; 2] = [INDEX_FOLDER, SNAPSHOT_FOLDER];
/// Where what was cut off by hand is kept.
pub(crate) const CUT_FOLDER: &str = "cut";

/// Says that the disk failed while a log in a folder was opened.
pub(crate) fn disk_failed(folder: &Path) -> impl Fn(io::Error) -> OpenError + '_ {
    move |source| OpenError::Disk { folder: folder.to_owned(), source }
}

/// Locks a log's folder.
pub(crate) fn lock(
    disk: &dyn Disk,
    folder: &Path,
) -> Result<Box<dyn std::any::Any + Send + Sync>, OpenError> {
    let path = folder.join(LOCK_NAME);
    let note = format!("process {}", std::process::id());
    disk.lock(&path, &note).map_err(|error| {
        if error.kind() != ErrorKind::WouldBlock {
            return disk_failed(folder)(error);
        }
        let note = read_file(disk, &path).ok().flatten().unwrap_or_default();
        let holder = match String::from_utf8_lossy(&note) {
            text if text.is_empty() => "which does not say its name".to_owned(),
            text => text.into_owned(),
        };
        OpenError::Held { folder: folder.to_owned(), holder }
    })
}

/// Reads a log's manifest; nothing when the folder holds no log yet.
pub(crate) fn read_manifest(disk: &dyn Disk, folder: &Path) -> Result<Option<Manifest>, OpenError> {
    let path = folder.join(MANIFEST_NAME);
    let Some(bytes) = read_file(disk, &path).map_err(disk_failed(folder))? else { return Ok(None) };
    match Manifest::decode(&bytes) {
        Ok(Ok(manifest)) => Ok(Some(manifest)),
        Ok(Err(found)) => Err(OpenError::OtherVersion { folder: folder.to_owned(), found }),
        Err(malformed) => Err(corrupt(&path, Position::START, malformed)),
    }
}

fn corrupt(path: &Path, after: Position, malformed: Malformed) -> OpenError {
    let problem = malformed.0.to_owned();
    OpenError::Corrupt { file: path.to_owned(), offset: 0, after, problem }
}

/// Whether a log may put a file of this name into its folder.
fn is_ours(name: &str) -> bool {
    let ours = [LOCK_NAME, MANIFEST_NAME, INDEX_FOLDER, SNAPSHOT_FOLDER, CUT_FOLDER, "lost+found"];
    ours.contains(&name) || name.ends_with(".new")
}

/// The manifest of the log in a folder, made if the folder is empty.
fn manifest(doors: &Doors, folder: &Path) -> Result<Manifest, OpenError> {
    let disk = doors.disk.as_ref();
    if let Some(manifest) = read_manifest(disk, folder)? {
        return Ok(manifest);
    }
    let names = disk.list(folder).map_err(disk_failed(folder))?;
    if let Some(stranger) = names.into_iter().find(|name| !is_ours(name)) {
        return Err(OpenError::NotALog { folder: folder.to_owned(), found: stranger });
    }
    let manifest = doors.new_manifest();
    manifest.store(disk, folder).map_err(disk_failed(folder))?;
    Ok(manifest)
}

/// The segments in a folder, checked to follow each other.
pub(crate) fn read_segments(
    disk: &dyn Disk,
    folder: &Path,
    manifest: &Manifest,
) -> Result<Vec<Arc<Segment>>, OpenError> {
    let names = disk.list(folder).map_err(disk_failed(folder))?;
    let mut segments = Vec::new();
    for (name, first) in names.iter().filter_map(|name| Some((name, segment_of(name)?))) {
        let segment = read_segment(disk, &folder.join(name), manifest, (first, segments.len()))?;
        segments.push(Arc::new(segment));
    }
    Ok(segments)
}

/// A segment by its file, checked to be what it should be: from which position on, and which one.
fn read_segment(
    disk: &dyn Disk,
    path: &Path,
    manifest: &Manifest,
    (first, number): (Position, usize),
) -> Result<Segment, OpenError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let failed = disk_failed(folder);
    let before = first.previous().unwrap_or(Position::START);
    let wrong = |what: &'static str| corrupt(path, before, Malformed(what));
    let file = disk.open(path).map_err(&failed)?;
    let length = file.length().map_err(&failed)?;
    let mut header = [0; SEGMENT_HEADER];
    if length < SEGMENT_HEADER as u64 {
        return Err(wrong("is shorter than a segment's header"));
    }
    read_exact_at(file.as_ref(), &mut header, 0).map_err(&failed)?;
    let header = SegmentHeader::decode(&header, manifest)
        .map_err(|malformed| corrupt(path, before, malformed))?;
    if header.first != first {
        return Err(wrong("has another name than its header says"));
    }
    if header.number as usize != number {
        return Err(wrong("does not follow the segment before it: one is missing"));
    }
    if length < u64::from(header.length) {
        return Err(wrong("is shorter than its header says"));
    }
    Ok(Segment::new(folder, header.number, first, header.length))
}

/// Makes the first segment of a log.
fn make_first_segment(
    disk: &dyn Disk,
    folder: &Path,
    manifest: &Manifest,
    length: u32,
) -> io::Result<Arc<Segment>> {
    let segment = Segment::new(folder, 0, Position::new(1), length);
    let beside = folder.join("first.new");
    let file = disk.create(&beside)?;
    file.allocate(u64::from(length))?;
    let header = SegmentHeader { number: 0, first: segment.first, length };
    write_all_at(file.as_ref(), &header.encode(manifest), 0)?;
    file.sync_data()?;
    disk.rename(&beside, &segment.path)?;
    disk.sync_folder(folder)?;
    Ok(Arc::new(segment))
}

/// Removes what was being made when the log was last left.
fn remove_leftovers(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    for name in disk.list(folder)?.iter().filter(|name| name.ends_with(".new")) {
        disk.remove(&folder.join(name))?;
    }
    Ok(())
}

/// The runs that hold the log's beginning without a gap; others are removed.
fn open_runs(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    manifest: &Manifest,
) -> io::Result<Vec<Arc<Run>>> {
    let mut names: Vec<_> = disk
        .list(folder)?
        .into_iter()
        .filter_map(|name| {
            run_of(&name).map(|(after, upto)| (after, std::cmp::Reverse(upto), name))
        })
        .collect();
    names.sort_unstable();
    let mut runs: Vec<Arc<Run>> = Vec::new();
    for (after, _, name) in names {
        let path = folder.join(name);
        let covered = runs.last().map_or(Position::START, |run| run.end.position);
        let run = if after == covered { Run::open(disk, path.clone(), manifest)? } else { None };
        match run {
            Some(run) => runs.push(Arc::new(run)),
            None => disk.remove(&path)?,
        }
    }
    Ok(runs)
}

/// What opening works on.
struct Opening<'a> {
    disk: &'a Arc<dyn Disk>,
    options: &'a Options,
    index_folder: std::path::PathBuf,
    segments: Arc<Segments>,
    keys: Fingerprints,
    heads: Heads,
    index: Index,
    checkpoint: Position,
}

impl Opening<'_> {
    fn failed(&self) -> impl Fn(io::Error) -> OpenError + '_ {
        disk_failed(&self.segments.folder)
    }

    /// Loads the newest checkpoint of the heads that can be used.
    fn load_heads(&mut self) -> io::Result<()> {
        let names = self.disk.list(&self.index_folder)?;
        let mut positions: Vec<_> = names.iter().filter_map(|name| checkpoint_of(name)).collect();
        positions.sort_unstable();
        let manifest = &self.segments.manifest;
        while let Some(position) = positions.pop() {
            let disk = self.disk.as_ref();
            if load_checkpoint(disk, &self.index_folder, manifest, position, &self.heads)? {
                self.checkpoint = position;
                return Ok(());
            }
            self.heads = Heads::new();
        }
        Ok(())
    }

    /// Brings the heads up to where the runs end.
    fn raise_heads(&self, covered: Position) -> Result<(), OpenError> {
        if self.checkpoint >= covered {
            return Ok(());
        }
        let reader = Reader::new(Arc::clone(&self.segments), self.options.bugs());
        let from = self.checkpoint.next();
        let mark = self.index.mark(from);
        let mut scan = Scan::new(&reader, mark.address, covered, usize::MAX);
        while let Some((address, record, _)) =
            scan.next(from).map_err(|error| self.unreadable(error))?
        {
            let raised = self.raise(&record);
            raised.map_err(|malformed| self.unreadable(reader.corrupt_at(address, malformed)))?;
        }
        Ok(())
    }

    /// Says why a record that the index knows of could not be read.
    fn unreadable(&self, error: RecordError) -> OpenError {
        match error {
            RecordError::Disk(error) => self.failed()(error),
            RecordError::Corrupt { file, offset, problem } => {
                let after = self.checkpoint;
                OpenError::Corrupt { file, offset, after, problem: problem.to_owned() }
            }
        }
    }

    fn raise(&self, record: &Record<'_>) -> Result<(), Malformed> {
        record.walk(|section, event| {
            let is_last = event.version.get() + 1 == section.first_version.get() + section.events;
            if is_last {
                self.heads.raise(self.keys.stream(section.stream), event.version);
            }
            Ok(())
        })
    }

    /// Reads what the runs do not hold, up to the end of the log.
    fn read_tail(&self, covered: End) -> Result<End, OpenError> {
        let mut groups = Groups::new(&self.segments, self.options.bugs(), covered)?;
        let mut found = Found::default();
        let tail = loop {
            let group = match groups.next()? {
                Ok(group) => group,
                Err(tail) => break tail,
            };
            let path = |malformed| corrupt(&self.segments.folder, group.header.first, malformed);
            for (address, record) in group.records() {
                self.raise(&record).map_err(path)?;
                found.add(&self.keys, (address, &record)).map_err(path)?;
            }
            found.publish(&self.index, group.end());
            self.write_frozen().map_err(self.failed())?;
        };
        self.check_length(&tail, covered)?;
        if let Some(torn) = &tail.torn {
            cut(&self.segments, torn).map_err(self.failed())?;
        }
        Ok(tail.end)
    }

    /// The log must not end before what its index has seen durable.
    fn check_length(&self, tail: &Tail, covered: End) -> Result<(), OpenError> {
        let (found, seen) = (tail.end.position, covered.position.max(self.checkpoint));
        if found < seen {
            let folder = self.segments.folder.clone();
            return Err(OpenError::TooShort { folder, found, seen });
        }
        Ok(())
    }

    fn write_frozen(&self) -> io::Result<()> {
        let Some(frozen) = self.index.frozen() else { return Ok(()) };
        let run = write_run(self.disk, &self.index_folder, self.segments.manifest, &frozen)?;
        self.index.thaw(Arc::new(run));
        Ok(())
    }
}

impl DiskStore {
    /// Opens the log in a folder; makes one if the folder is empty. This reads the disk: call it
    /// where blocking is allowed.
    ///
    /// # Errors
    /// When the folder holds something else, is held by another process, or is not whole.
    pub fn open(options: &Options, doors: &Doors) -> Result<Self, OpenError> {
        options.validate().map_err(|problems| OpenError::BadOptions { problems })?;
        let (disk, folder) = (&doors.disk, options.folder.as_path());
        let failed = disk_failed(folder);
        disk.create_folder(folder).map_err(&failed)?;
        let lock = lock(disk.as_ref(), folder)?;
        let manifest = manifest(doors, folder)?;
        let mut segments = read_segments(disk.as_ref(), folder, &manifest)?;
        let index_folder = folder.join(INDEX_FOLDER);
        disk.create_folder(&index_folder).map_err(&failed)?;
        remove_leftovers(disk.as_ref(), folder).map_err(&failed)?;
        remove_leftovers(disk.as_ref(), &index_folder).map_err(&failed)?;
        if segments.is_empty() {
            let length = options.segment_bytes;
            let first = make_first_segment(disk.as_ref(), folder, &manifest, length);
            segments.push(first.map_err(&failed)?);
        }
        let open_files_max = options.open_files_max as usize;
        let segments =
            Segments::new(Arc::clone(disk), folder.to_owned(), manifest, segments, open_files_max);
        let runs = open_runs(disk, &index_folder, &manifest).map_err(&failed)?;
        let start =
            End { position: Position::START, address: Address::new(0, length32(SEGMENT_HEADER)) };
        let covered = runs.last().map_or(start, |run| run.end);
        let mut opening = Opening {
            disk,
            options,
            index_folder,
            segments: Arc::new(segments),
            keys: Fingerprints::new(&manifest.key),
            heads: Heads::new(),
            index: Index::new(runs, covered, options.index_entries_max as usize),
            checkpoint: Position::START,
        };
        opening.load_heads().map_err(&failed)?;
        opening.raise_heads(covered.position)?;
        let end = opening.read_tail(covered)?;
        threads::start(opening, end, lock)
    }
}
