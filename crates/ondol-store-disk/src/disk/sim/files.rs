//! What the simulated disk holds, and what of it would outlive a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ondol_doors::{Rng, SeededRng};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// The files, by number, and their names: as they are, and as they would be after a power cut.
#[derive(Debug, Default)]
pub(super) struct Files {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    folders: BTreeSet<PathBuf>,
    made: u64,
}

/// A file's bytes, and the durable ones they have replaced.
#[derive(Debug, Default)]
pub(super) struct Inode {
    pub(super) bytes: Vec<u8>,
    durable_length: usize,
    /// Sectors written since the last sync, as they were when it was made.
    unsynced: BTreeMap<usize, Vec<u8>>,
    /// Sectors that a failed sync has given up, as they are on the disk.
    given_up: BTreeMap<usize, Vec<u8>>,
}

impl Files {
    pub(super) fn create(&mut self, path: &Path) -> io::Result<u64> {
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        if !self.folders.contains(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        self.made += 1;
        self.inodes.insert(self.made, Inode::default());
        self.names.insert(path.to_owned(), self.made);
        Ok(self.made)
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn inode(&mut self, number: u64) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&number).ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn named(&mut self, path: &Path) -> io::Result<&mut Inode> {
        let number = self.find(path)?;
        self.inode(number)
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if !self.folders.contains(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let here = self.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(here.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    pub(super) fn create_folder(&mut self, folder: &Path) {
        self.folders.extend(folder.ancestors().map(Path::to_owned));
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let number = self.names.remove(from).ok_or(ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), number);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.names.remove(path).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) {
        self.durable_names.retain(|path, _| path.parent() != Some(folder));
        let here = self.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        self.durable_names.extend(here.map(|(path, number)| (path.clone(), *number)));
        self.forget_the_nameless();
    }

    fn forget_the_nameless(&mut self) {
        let named: BTreeSet<u64> =
            self.names.values().chain(self.durable_names.values()).copied().collect();
        // Room is given back when the last name is gone; who still has the file open keeps it
        // on a real disk, but nothing here reads a file after removing it for good.
        self.inodes.retain(|number, _| named.contains(number));
    }

    pub(super) fn bytes(&self) -> u64 {
        let named: BTreeSet<&u64> = self.names.values().collect();
        let sizes = self.inodes.iter().filter(|(number, _)| named.contains(number));
        sizes.map(|(_, inode)| inode.bytes.len() as u64).sum()
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.names.keys().cloned().collect()
    }

    /// What a power cut leaves: each name and each sector either as it was or as it became.
    pub(super) fn lose_what_was_not_synced(&mut self, rng: &SeededRng) {
        let all: BTreeSet<PathBuf> =
            self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        let mut left = BTreeMap::new();
        for path in all {
            let (new, old) = (self.names.get(&path), self.durable_names.get(&path));
            let kept = if new == old || rng.below(2) == 0 { old } else { new };
            left.extend(kept.map(|number| (path, *number)));
        }
        self.durable_names.clone_from(&left);
        self.names = left;
        self.forget_the_nameless();
        for inode in self.inodes.values_mut() {
            inode.lose_what_was_not_synced(rng);
        }
    }
}

impl Inode {
    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> usize {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let length = into.len().min(self.bytes.len() - from);
        into[..length].copy_from_slice(&self.bytes[from..from + length]);
        length
    }

    pub(super) fn growth(&self, length: usize, offset: u64) -> usize {
        let end = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(length);
        end.saturating_sub(self.bytes.len())
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let from = usize::try_from(offset).expect("a simulated file fits in memory");
        let end = from + bytes.len();
        if bytes.is_empty() {
            return;
        }
        for sector in from / SECTOR..=(end - 1) / SECTOR {
            self.remember(sector);
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[from..end].copy_from_slice(bytes);
    }

    pub(super) fn set_length(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_too_long| ErrorKind::StorageFull)?;
        for sector in length / SECTOR..self.bytes.len().div_ceil(SECTOR) {
            self.remember(sector);
        }
        self.bytes.resize(length, 0);
        Ok(())
    }

    fn remember(&mut self, sector: usize) {
        let from = (sector * SECTOR).min(self.bytes.len());
        let to = ((sector + 1) * SECTOR).min(self.bytes.len());
        // What a failed sync has given up is written after all if it is written anew.
        let given_up = self.given_up.remove(&sector);
        let bytes = &self.bytes;
        let before = || given_up.unwrap_or_else(|| bytes[from..to].to_vec());
        self.unsynced.entry(sector).or_insert_with(before);
    }

    /// Makes everything durable, but for what an earlier sync has given up.
    pub(super) fn settle(&mut self) {
        self.unsynced.clear();
        self.durable_length = self.bytes.len();
    }

    /// A sync has failed: what it was about will not be written any more.
    pub(super) fn forget_what_was_not_synced(&mut self) {
        for (sector, before) in std::mem::take(&mut self.unsynced) {
            self.given_up.entry(sector).or_insert(before);
        }
    }

    fn lose_what_was_not_synced(&mut self, rng: &SeededRng) {
        if self.bytes.len() > self.durable_length && rng.below(2) == 0 {
            self.bytes.truncate(self.durable_length);
        }
        self.bytes.resize(self.bytes.len().max(self.durable_length), 0);
        let unsynced = std::mem::take(&mut self.unsynced);
        let lost: Vec<_> = unsynced.into_iter().filter(|_| rng.below(2) == 0).collect();
        for (sector, before) in lost.into_iter().chain(std::mem::take(&mut self.given_up)) {
            self.put_back(sector, &before);
        }
        self.settle();
    }

    fn put_back(&mut self, sector: usize, before: &[u8]) {
        let from = (sector * SECTOR).min(self.bytes.len());
        let to = ((sector + 1) * SECTOR).min(self.bytes.len());
        for (at, byte) in self.bytes[from..to].iter_mut().enumerate() {
            *byte = before.get(at).copied().unwrap_or(0);
        }
    }
}
