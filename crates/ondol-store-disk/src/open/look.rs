//! Looking at a log that another process may hold and write to.
//!
//! Nothing is locked and nothing is written. What is shown is durable: whatever is found to be
//! new is synced before it is shown, for who writes it may not have come to that yet. A thread
//! looks a few times a second whether the log has grown.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ondol_kernel::Position;
use ondol_store::{Head, ReadAhead};
use tokio::sync::watch;

use super::{Found, INDEX_FOLDER, SNAPSHOT_FOLDER, disk_failed, read_manifest, read_segment};
use super::{corrupt, read_segments, threads};
use crate::bug::Bugs;
use crate::disk::{Disk, Looking};
use crate::error::{OpenError, WhyStopped};
use crate::format::{Address, MANIFEST_NAME, Malformed, SEGMENT_HEADER, length32, segment_of};
use crate::heads::Heads;
use crate::index::{End, Index, Run, run_of};
use crate::key::Fingerprints;
use crate::options::Options;
use crate::progress::Progress;
use crate::queue::Queue;
use crate::reader::Reader;
use crate::reading::Hints;
use crate::recovery::Groups;
use crate::segments::Segments;
use crate::snapshots::Snapshots;
use crate::store::{DiskStore, Shared};

/// How often it is looked whether the log has grown.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The thread that looks.
#[derive(Debug)]
struct Looker {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    index_folder: PathBuf,
    entries_max: usize,
    end: End,
    head: watch::Sender<Head>,
}

/// Where a log begins.
fn beginning() -> End {
    End { position: Position::START, address: Address::new(0, length32(SEGMENT_HEADER)) }
}

impl DiskStore {
    /// Opens the log in a folder to look at it, whoever holds it: takes no lock, writes nothing,
    /// takes no appends, and sees the log grow. This reads the disk: call it where blocking is
    /// allowed.
    ///
    /// # Errors
    /// When there is no log, or it is not whole.
    pub fn look(options: &Options, doors: &super::Doors) -> Result<Self, OpenError> {
        options.validate().map_err(|problems| OpenError::BadOptions { problems })?;
        let disk: Arc<dyn Disk> = Arc::new(Looking(Arc::clone(&doors.disk)));
        let folder = options.folder.as_path();
        let not_a_log = || OpenError::NotALog {
            folder: folder.to_owned(),
            found: format!("no {MANIFEST_NAME}"),
        };
        disk.list(folder).map_err(disk_failed(folder))?;
        let manifest = read_manifest(disk.as_ref(), folder)?.ok_or_else(not_a_log)?;
        let list = read_segments(disk.as_ref(), folder, &manifest)?;
        let files_max = options.open_files_max as usize;
        let segments =
            Segments::new(Arc::clone(&disk), folder.to_owned(), manifest, list, files_max);
        let segments = Arc::new(segments);
        let (head, head_rx) =
            watch::channel(Head { epoch: manifest.epoch, position: Position::START });
        let queue = Queue::new(1, 1 << 10);
        queue.stop(WhyStopped::only_looked_at());
        let entries_max = options.index_entries_max as usize;
        let shared = Arc::new(Shared {
            limits: options.limits,
            keys: Fingerprints::new(&manifest.key),
            queue,
            reader: Reader::new(Arc::clone(&segments), Bugs::default()),
            heads: Arc::new(Heads::new()),
            index: Arc::new(Index::new(Vec::new(), beginning(), entries_max)),
            progress: Arc::new(Progress::new(beginning())),
            hints: Hints::default(),
            ahead: ReadAhead::default(),
            snapshots: Snapshots::none(Arc::clone(&disk), &folder.join(SNAPSHOT_FOLDER), &manifest),
            head: head_rx,
            bugs: Bugs::default(),
            segments,
        });
        let index_folder = folder.join(INDEX_FOLDER);
        let (looked, end) = (Arc::clone(&shared), beginning());
        let mut looker = Looker { shared: looked, disk, index_folder, entries_max, end, head };
        looker.begin_index()?;
        looker.look()?;
        let is_closing = Arc::new(AtomicBool::new(false));
        let mut store = Self { shared, threads: Vec::new(), is_closing, lock: None };
        let thread = threads::thread("log looker", move || looker.run());
        store.threads.push(thread.map_err(disk_failed(folder))?);
        Ok(store)
    }
}

impl Looker {
    /// Looks until the store is dropped, or the log can no longer be read.
    fn run(mut self) {
        while !self.shared.queue.wait_to_be_closed(LOOK_EVERY) {
            if let Err(error) = self.look_again() {
                tracing::error!(%error, "the log is no longer looked at");
                return;
            }
        }
    }

    /// Looks whether there is more.
    fn look_again(&mut self) -> Result<(), OpenError> {
        let folder = &self.shared.segments.folder;
        let manifest = read_manifest(self.disk.as_ref(), folder)?;
        if manifest.is_none_or(|manifest| manifest.epoch != self.shared.epoch()) {
            let problem = Malformed("has begun another life since it was opened");
            return Err(corrupt(folder, self.end.position, problem));
        }
        self.look()?;
        if self.shared.index.is_outgrown() {
            // Who writes the log has written runs meanwhile, which hold most of what is in memory.
            self.begin_index()?;
            self.look()?;
        }
        Ok(())
    }

    /// Begins an index with the runs that there are.
    fn begin_index(&mut self) -> Result<(), OpenError> {
        let failed = disk_failed(&self.shared.segments.folder);
        let names = match self.disk.list(&self.index_folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            names => names.map_err(&failed)?,
        };
        let mut known: Vec<_> = names
            .into_iter()
            .filter_map(|name| Some((run_of(&name)?, name)))
            .map(|((after, upto), name)| (after, std::cmp::Reverse(upto), name))
            .collect();
        known.sort_unstable();
        let mut runs: Vec<Arc<Run>> = Vec::new();
        for (after, _, name) in known {
            if runs.last().map_or(Position::START, |run| run.end.position) != after {
                continue;
            }
            // One that is gone by now has been merged into another: the log is read instead.
            let path = self.index_folder.join(name);
            match Run::open(&self.disk, path, &self.shared.segments.manifest) {
                Ok(run) => runs.extend(run.map(Arc::new)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let covered = runs.last().map_or_else(beginning, |run| run.end);
        let index = Index::new(runs, covered, self.entries_max);
        self.end = self.read(&index, covered, self.end)?;
        self.shared.index.take_over(index);
        Ok(())
    }

    /// Reads what has come, once it is sure to be durable, and shows it.
    fn look(&mut self) -> Result<(), OpenError> {
        self.find_segments()?;
        let found = self.find_end()?;
        if found.position > self.end.position {
            self.sync(found).map_err(disk_failed(&self.shared.segments.folder))?;
            let index = Arc::clone(&self.shared.index);
            self.end = self.read(&index, self.end, found)?;
        }
        if self.end.position > self.shared.progress.durable().position {
            self.shared.progress.set_durable(self.end);
            let epoch = self.shared.epoch();
            self.head.send_replace(Head { epoch, position: self.end.position });
        }
        Ok(())
    }

    /// Where the log ends now, durably or not.
    fn find_end(&self) -> Result<End, OpenError> {
        let segments = &self.shared.segments;
        let mut end = self.end;
        if segments.last().is_some() {
            let mut groups = Groups::of_live(segments, end)?;
            while let Ok(group) = groups.next()? {
                end = group.end();
            }
        }
        Ok(end)
    }

    /// A segment gets its name when its first group is durable, so only the last one has what may
    /// not be.
    fn sync(&self, end: End) -> std::io::Result<()> {
        match self.shared.segments.get(end.address.segment()) {
            Some(segment) => self.shared.segments.file(&segment)?.sync_data(),
            None => Ok(()),
        }
    }

    fn find_segments(&self) -> Result<(), OpenError> {
        let Shared { segments, .. } = &*self.shared;
        let names = self.disk.list(&segments.folder).map_err(disk_failed(&segments.folder))?;
        let last = segments.last();
        let is_new = |first: Position| last.as_ref().is_none_or(|last| first > last.first);
        let mut number = last.as_ref().map_or(0, |last| last.number as usize + 1);
        for (name, first) in names.iter().filter_map(|name| Some((name, segment_of(name)?))) {
            if is_new(first) {
                let path = segments.folder.join(name);
                let disk = self.disk.as_ref();
                let segment = read_segment(disk, &path, &segments.manifest, (first, number))?;
                segments.found(Arc::new(segment));
                number += 1;
            }
        }
        Ok(())
    }

    /// Reads the log from a place on into an index, up to another place.
    fn read(&self, index: &Index, from: End, upto: End) -> Result<End, OpenError> {
        let Shared { segments, keys, .. } = &*self.shared;
        if segments.last().is_none() {
            return Ok(from);
        }
        let (mut groups, mut found, mut end) =
            (Groups::of_live(segments, from)?, Found::default(), from);
        while end.position < upto.position {
            let Ok(group) = groups.next()? else { break };
            for (address, record) in group.records() {
                let wrong = |malformed| corrupt(&segments.folder, group.header.first, malformed);
                found.add(keys, (address, &record)).map_err(wrong)?;
            }
            end = group.end();
            found.publish(index, end);
        }
        Ok(end)
    }
}
