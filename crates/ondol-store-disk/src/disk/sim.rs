//! A disk in memory that behaves as badly as disks may.
//!
//! What was written and not synced is lost, kept or torn by sectors when the power is cut, as
//! the seed has it; so are names that were made, changed or removed in a folder that was not
//! synced. After a failed sync the bytes it was about are lost at the next power cut, however
//! often one syncs again, as kernels do. The call with a given number can be made to fail.

mod files;

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use files::{Files, Inode};
use ondol_doors::SeededRng;

use super::{Disk, DiskFile};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// With an input/output error, this once.
    FailOnce,
    /// With an input/output error, and so does every call after it.
    FailForEver,
    /// For want of room, and so does every call after it that needs room.
    NoRoom,
    /// A write does half of its work, and the next one fails; any other call just fails.
    ShortWrite,
    /// The power is cut before the call does anything.
    CrashBefore,
    /// The power is cut after the call has done its work, and before it has said so.
    CrashAfter,
}

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: Files,
    locks: BTreeMap<PathBuf, u64>,
    locks_given: u64,
    calls: u64,
    plan: Option<(u64, Fault)>,
    fails_all: bool,
    has_no_room: bool,
    is_off: bool,
    bytes_max: Option<u64>,
    sync_takes: Duration,
    /// Counts power cuts: a file opened before one is of no use after it.
    life: u64,
}

/// What kind of call is made, as far as a fault cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Look,
    Write,
    Allocate,
    Change,
}

/// What is to become of a call.
enum Verdict {
    Done,
    Half,
    ThenOff,
}

fn failed() -> io::Error {
    io::Error::other("the simulated disk fails this call")
}

fn off() -> io::Error {
    io::Error::other("the simulated machine has no power")
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self { state: Arc::default() }
    }

    /// Makes the call with this number, counted from now, fail.
    pub fn fail_call(&self, number: u64, fault: Fault) {
        let mut state = self.state();
        state.plan = Some((state.calls + number, fault));
    }

    /// How many calls have been made.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// How many bytes there is room for; any number, if none is named.
    pub fn set_room(&self, bytes_max: Option<u64>) {
        let mut state = self.state();
        state.bytes_max = bytes_max;
        state.has_no_room = false;
    }

    /// How long a sync takes from now on.
    pub fn set_sync_time(&self, sync_takes: Duration) {
        self.state().sync_takes = sync_takes;
    }

    /// Cuts the power: every call fails from now on.
    pub fn cut_power(&self) {
        self.state().is_off = true;
    }

    /// Whether the power was cut.
    pub fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// Turns the power on again after a cut: what was not durable is lost, kept or torn as the
    /// seed has it, faults are over, and locks are free.
    pub fn restart(&self, seed: u64) {
        let mut state = self.state();
        state.files.lose_what_was_not_synced(&SeededRng::new(seed));
        let (files, calls, life) = (std::mem::take(&mut state.files), state.calls, state.life);
        let (locks_given, bytes_max) = (state.locks_given, state.bytes_max);
        *state = State { files, calls, life: life + 1, locks_given, bytes_max, ..State::default() };
    }

    /// Changes the bytes of a file behind everyone's back, durably: bit rot.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn rot(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.files.named(path)?;
        change(&mut inode.bytes);
        inode.settle();
        Ok(())
    }

    /// Every file there is, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().files.paths()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the simulated disk")
    }

    /// Makes a call: counts it, and lets it fail if it is to.
    fn call<T>(
        &self,
        call: Call,
        work: impl FnOnce(&mut State, bool) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        match state.judge(call)? {
            Verdict::Done => work(&mut state, false),
            Verdict::Half => work(&mut state, true),
            Verdict::ThenOff => {
                let unheard = work(&mut state, false);
                state.is_off = true;
                // What it came to may be a lock, which wants to be given back.
                drop(state);
                drop(unheard);
                Err(off())
            }
        }
    }
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn judge(&mut self, call: Call) -> io::Result<Verdict> {
        self.calls += 1;
        if self.is_off {
            return Err(off());
        }
        let needs_room = matches!(call, Call::Write | Call::Allocate);
        if self.fails_all {
            return Err(failed());
        }
        if self.has_no_room && needs_room {
            return Err(ErrorKind::StorageFull.into());
        }
        let Some((_, fault)) = self.plan.filter(|(number, _)| *number == self.calls) else {
            return Ok(Verdict::Done);
        };
        match fault {
            Fault::FailForEver => {
                self.fails_all = true;
                Err(failed())
            }
            Fault::NoRoom => {
                self.has_no_room = true;
                if needs_room { Err(ErrorKind::StorageFull.into()) } else { Ok(Verdict::Done) }
            }
            Fault::ShortWrite if call == Call::Write => {
                self.plan = Some((self.calls + 1, Fault::FailOnce));
                Ok(Verdict::Half)
            }
            Fault::FailOnce | Fault::ShortWrite => Err(failed()),
            Fault::CrashBefore => {
                self.is_off = true;
                Err(off())
            }
            Fault::CrashAfter => Ok(Verdict::ThenOff),
        }
    }

    fn inode(&mut self, file: &SimFile) -> io::Result<&mut Inode> {
        if file.life != self.life {
            return Err(off());
        }
        self.files.inode(file.inode)
    }

    fn check_room(&self, more: usize) -> io::Result<()> {
        let used = self.files.bytes() + more as u64;
        if self.bytes_max.is_some_and(|most| used > most) {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl SimDisk {
    fn file(&self, state: &State, inode: u64) -> Arc<dyn DiskFile> {
        Arc::new(SimFile { disk: self.clone(), inode, life: state.life })
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.call(Call::Change, |state, _| {
            let inode = state.files.create(path)?;
            Ok(self.file(state, inode))
        })
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.call(Call::Look, |state, _| {
            let inode = state.files.find(path)?;
            Ok(self.file(state, inode))
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.call(Call::Look, |state, _| state.files.list(folder))
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.call(Call::Change, |state, _| {
            state.files.create_folder(folder);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Change, |state, _| state.files.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Change, |state, _| state.files.remove(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.call(Call::Change, |state, _| {
            state.files.sync_folder(folder);
            Ok(())
        })
    }

    fn lock(&self, path: &Path, _note: &str) -> io::Result<Box<dyn Any + Send + Sync>> {
        self.call(Call::Look, |state, _| {
            if state.locks.contains_key(path) {
                return Err(ErrorKind::WouldBlock.into());
            }
            state.locks_given += 1;
            let number = state.locks_given;
            state.locks.insert(path.to_owned(), number);
            let lock: Box<dyn Any + Send + Sync> =
                Box::new(SimLock { disk: self.clone(), path: path.to_owned(), number });
            Ok(lock)
        })
    }
}

/// A lock that is held; a power cut has freed it if its number is not the held one.
#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    number: u64,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.locks.get(&self.path) == Some(&self.number) {
            state.locks.remove(&self.path);
        }
    }
}

/// A file of the simulated disk.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: u64,
    life: u64,
}

impl DiskFile for SimFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.call(Call::Look, |state, _| Ok(state.inode(self)?.read(into, offset)))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.call(Call::Write, |state, half| {
            let bytes = if half { &bytes[..bytes.len().div_ceil(2)] } else { bytes };
            let more = state.inode(self)?.growth(bytes.len(), offset);
            state.check_room(more)?;
            state.inode(self)?.write(bytes, offset);
            Ok(bytes.len())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let sync_takes = self.disk.state().sync_takes;
        if !sync_takes.is_zero() {
            // Nobody else is kept waiting: other calls go on while this one is slow.
            std::thread::park_timeout(sync_takes);
        }
        let done = self.disk.call(Call::Change, |state, _| {
            state.inode(self)?.settle();
            Ok(())
        });
        if done.is_err()
            && let Ok(inode) = self.disk.state().inode(self)
        {
            inode.forget_what_was_not_synced();
        }
        done
    }

    fn length(&self) -> io::Result<u64> {
        self.disk.call(Call::Look, |state, _| Ok(state.inode(self)?.bytes.len() as u64))
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.disk.call(Call::Change, |state, _| state.inode(self)?.set_length(length))
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.disk.call(Call::Allocate, |state, _| {
            let current = state.inode(self)?.bytes.len() as u64;
            if length <= current {
                return Ok(());
            }
            let more = usize::try_from(length - current).map_err(|_long| ErrorKind::StorageFull)?;
            state.check_room(more)?;
            state.inode(self)?.set_length(length)
        })
    }

    fn drop_cache(&self) {}
}

#[cfg(test)]
mod tests;
