//! The keys of people: a small file each, so that one can be destroyed without touching another.

use std::io;
use std::path::{Path, PathBuf};

use ondol_doors::Rng;
use serde::{Deserialize, Serialize};

use crate::cipher::Key;
use crate::files;
use crate::master::MasterKeys;

/// How many keys a person may have had.
pub(crate) const VERSIONS_MAX: usize = 32;

/// A person's keys as they are kept, each wrapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) subject: String,
    pub(crate) keys: Vec<Wrapped>,
}

/// One key, wrapped by a generation of the master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wrapped {
    pub(crate) version: u32,
    pub(crate) master: u32,
    pub(crate) key: String,
}

/// The folder of keys.
#[derive(Debug)]
pub(crate) struct People {
    folder: PathBuf,
}

impl People {
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        files::make_folder(&folder)?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self, subject: &str) -> PathBuf {
        let shelf = subject.get(subject.len().saturating_sub(2)..).unwrap_or("xx");
        self.folder.join(shelf).join(format!("{subject}.key"))
    }

    pub(crate) fn get(&self, subject: &str) -> io::Result<Option<Kept>> {
        match std::fs::read(self.path(subject)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn put(&self, kept: &Kept) -> io::Result<()> {
        let path = self.path(&kept.subject);
        if let Some(shelf) = path.parent().filter(|shelf| !shelf.exists()) {
            files::make_folder(shelf)?;
            files::sync_folder(shelf)?;
        }
        files::put(&path, &serde_json::to_vec(kept)?)
    }

    pub(crate) fn wipe(&self, subject: &str) -> io::Result<()> {
        files::wipe(&self.path(subject))
    }

    /// Everybody who has a key.
    pub(crate) fn all(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for shelf in std::fs::read_dir(&self.folder)? {
            let shelf = shelf?.path();
            if shelf.is_dir() {
                found.append(&mut on_shelf(&shelf)?);
            }
        }
        Ok(found)
    }
}

fn on_shelf(shelf: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shelf)? {
        let path = entry?.path();
        let is_key = path.extension().is_some_and(|extension| extension == "key");
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_key) {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

impl Wrapped {
    pub(crate) fn wrap(
        master: &MasterKeys,
        rng: &dyn Rng,
        subject: &str,
        version: u32,
        key: &Key,
    ) -> Option<Self> {
        let (generation, wrapping) = master.newest();
        let names = names(subject, version, *generation);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let key = wrapping.seal(rng, &names, key.bytes())?;
        Some(Self { version, master: *generation, key })
    }

    pub(crate) fn unwrap(&self, master: &MasterKeys, subject: &str) -> Option<Key> {
        let names = names(subject, self.version, self.master);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bytes = master.of(self.master)?.open(&names, &self.key).ok()?;
        Key::read(&bytes)
    }
}

fn names(subject: &str, version: u32, master: u32) -> [String; 4] {
    let (version, master) = (version.to_string(), master.to_string());
    ["ondol vault key 1".to_owned(), subject.to_owned(), version, master]
}
