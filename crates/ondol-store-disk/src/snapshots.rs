//! Snapshots: a place beside the log that may be thrown away at any time.
//!
//! Snapshots are appended to a file; when it is half as long as all may be, another one is begun
//! and the one before the last is removed, with whatever is only there. So the room they take is
//! bounded, the oldest go first, and nothing is ever synced. A snapshot that does not fit its
//! checksum is as good as none.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use ondol_kernel::{StreamId, Version};
use ondol_store::Snapshot;

use crate::disk::{Disk, DiskFile, read_exact_at, read_up_to, write_all_at};
use crate::format::{Malformed, Manifest, checksum, get, index, put};
use crate::key::{Fingerprints, Key};

const HEADER: usize = 48;
const MAGIC: [u8; 4] = *b"SNAP";
/// A snapshot's place in memory takes about this much: they are bounded by it as well.
const SNAPSHOTS_MAX: usize = 1 << 20;

/// The snapshots of one log.
#[derive(Debug)]
pub(crate) struct Snapshots {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    salt: u32,
    keys: Fingerprints,
    bytes_max: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest file and the one before it.
    newest: Option<Generation>,
    older: Option<Generation>,
}

/// A file of snapshots, and where in it each one is.
#[derive(Debug)]
struct Generation {
    number: u64,
    file: Arc<dyn DiskFile>,
    length: u64,
    places: HashMap<(Key, u64), u64>,
}

/// What is said before each snapshot.
#[derive(Debug, Clone, Copy)]
struct Header {
    length: u64,
    key: Key,
    fold: u64,
    version: u64,
    sum: u32,
}

fn file_name(number: u64) -> String {
    format!("snapshots-{number:020}.dat")
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("snapshots-")?.strip_suffix(".dat")?.parse().ok()
}

impl Header {
    fn encode(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 4, &self.sum.to_le_bytes());
        put(&mut bytes, 8, &self.length.to_le_bytes());
        put(&mut bytes, 16, &self.key.high.to_le_bytes());
        put(&mut bytes, 24, &u64::from(self.key.low).to_le_bytes());
        put(&mut bytes, 32, &self.fold.to_le_bytes());
        put(&mut bytes, 40, &self.version.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER]) -> Result<Self, Malformed> {
        if get(bytes, 0)? != MAGIC {
            return Err(Malformed("does not begin as a snapshot does"));
        }
        let word = |at: usize| Ok(u64::from_le_bytes(get(bytes, at)?));
        Ok(Self {
            sum: u32::from_le_bytes(get(bytes, 4)?),
            length: word(8)?,
            key: Key {
                high: word(16)?,
                low: u32::try_from(word(24)?)
                    .map_err(|_large| Malformed("has a key that cannot be"))?,
            },
            fold: word(32)?,
            version: word(40)?,
        })
    }

    /// The checksum of a snapshot: of all that is said about it, and of itself.
    fn sum_of(self, salt: u32, body: &[u8]) -> u32 {
        checksum(salt, &[&Self { sum: 0, ..self }.encode(), body])
    }
}

impl Snapshots {
    /// No snapshots, and a disk that takes none.
    pub(crate) fn none(disk: Arc<dyn Disk>, folder: &Path, manifest: &Manifest) -> Self {
        let (salt, keys) = (manifest.salt(), Fingerprints::new(&manifest.key));
        let state = Mutex::default();
        Self { disk, folder: folder.to_owned(), salt, keys, bytes_max: 0, state }
    }

    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        manifest: &Manifest,
        bytes_max: u64,
    ) -> io::Result<Self> {
        disk.create_folder(folder)?;
        let mut numbers: Vec<u64> =
            disk.list(folder)?.iter().filter_map(|n| number_of(n)).collect();
        numbers.sort_unstable();
        let mut state = State::default();
        for number in numbers {
            let path = folder.join(file_name(number));
            state.older = state.newest.take();
            state.newest = Some(Generation::read(disk.open(&path)?, number)?);
        }
        let (salt, keys) = (manifest.salt(), Fingerprints::new(&manifest.key));
        let state = Mutex::new(state);
        Ok(Self { disk, folder: folder.to_owned(), salt, keys, bytes_max, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the snapshots")
    }

    fn key(&self, stream: &StreamId, fold: u64) -> (Key, u64) {
        (self.keys.stream(stream.as_str().as_bytes()).key(), fold)
    }

    pub(crate) fn save(&self, snapshot: &Snapshot) -> io::Result<()> {
        let place = self.key(&snapshot.stream, snapshot.fold);
        let name = snapshot.stream.as_str();
        let mut body = Vec::with_capacity(name.len() + 1 + snapshot.state.len());
        body.push(u8::try_from(name.len()).map_err(|_long| ErrorKind::InvalidInput)?);
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&snapshot.state);
        let (length, version) = (body.len() as u64, snapshot.version.get());
        let mut header = Header { length, key: place.0, fold: place.1, version, sum: 0 };
        header.sum = header.sum_of(self.salt, &body);
        let mut bytes = header.encode().to_vec();
        bytes.append(&mut body);
        let mut state = self.state();
        let newest = self.generation_for(&mut state, bytes.len() as u64)?;
        write_all_at(newest.file.as_ref(), &bytes, newest.length)?;
        newest.places.insert(place, newest.length);
        newest.length += bytes.len() as u64;
        Ok(())
    }

    /// The file that a snapshot goes to, a new one if the newest is half of all there may be.
    fn generation_for<'s>(
        &self,
        state: &'s mut State,
        length: u64,
    ) -> io::Result<&'s mut Generation> {
        let is_full = state.newest.as_ref().is_none_or(|newest| {
            newest.length + length > self.bytes_max / 2 && newest.length > 0
                || newest.places.len() >= SNAPSHOTS_MAX / 2
        });
        if is_full {
            let number = state.newest.as_ref().map_or(1, |newest| newest.number + 1);
            let file = self.disk.create(&self.folder.join(file_name(number)))?;
            let fresh = Generation { number, file, length: 0, places: HashMap::new() };
            if let Some(oldest) = std::mem::replace(&mut state.older, state.newest.take()) {
                self.disk.remove(&self.folder.join(file_name(oldest.number)))?;
            }
            state.newest = Some(fresh);
        }
        state.newest.as_mut().ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Whether it is plain at once that there is no such snapshot. While one is being saved, it
    /// is not.
    pub(crate) fn has_none(&self, stream: &StreamId, fold: u64) -> bool {
        let place = self.key(stream, fold);
        self.state.try_lock().is_ok_and(|state| {
            let mut generations = [&state.newest, &state.older].into_iter().flatten();
            !generations.any(|held| held.places.contains_key(&place))
        })
    }

    pub(crate) fn load(&self, stream: &StreamId, fold: u64) -> io::Result<Option<Snapshot>> {
        let place = self.key(stream, fold);
        let found = {
            let state = self.state();
            let generations = [&state.newest, &state.older].into_iter().flatten();
            let mut found = generations
                .filter_map(|held| Some((Arc::clone(&held.file), *held.places.get(&place)?)));
            found.next()
        };
        let Some((file, offset)) = found else { return Ok(None) };
        let mut header = [0; HEADER];
        if read_exact_at(file.as_ref(), &mut header, offset).is_err() {
            return Ok(None);
        }
        let Ok(header) = Header::decode(&header) else { return Ok(None) };
        let rest = file.length()?.saturating_sub(offset + HEADER as u64);
        if header.length > rest || (header.key, header.fold) != place {
            return Ok(None);
        }
        let mut body = vec![0; index(header.length)];
        read_exact_at(file.as_ref(), &mut body, offset + HEADER as u64)?;
        let name = stream.as_str().as_bytes();
        let is_whole = header.sum == header.sum_of(self.salt, &body)
            && body.first().is_some_and(|length| usize::from(*length) == name.len())
            && body.get(1..=name.len()) == Some(name);
        if !is_whole {
            return Ok(None);
        }
        let state = Bytes::from(body).slice(1 + name.len()..);
        let version = Version::new(header.version);
        Ok(Some(Snapshot { stream: stream.clone(), fold, version, state }))
    }
}

impl Generation {
    /// Goes from header to header; what cannot be read ends the file.
    fn read(file: Arc<dyn DiskFile>, number: u64) -> io::Result<Self> {
        let whole = file.length()?;
        let (mut length, mut places) = (0, HashMap::new());
        let mut bytes = [0; HEADER];
        while read_up_to(file.as_ref(), &mut bytes, length)? == HEADER {
            let Ok(header) = Header::decode(&bytes) else { break };
            let Some(end) = (length + HEADER as u64).checked_add(header.length) else { break };
            if end > whole {
                break;
            }
            places.insert((header.key, header.fold), length);
            length = end;
        }
        Ok(Self { number, file, length, places })
    }
}

#[cfg(test)]
mod tests;
