//! The configurations that ran, so that one can go back to an earlier one: the last of them, in memory
//! and in a folder beside the configuration's file.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use crate::config::Config;

/// Versions that are kept where nobody says how many.
const VERSIONS: usize = 20;

/// A configuration that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: u64,
    /// Since when, in microseconds since 1970.
    pub(crate) at_micros: i64,
    pub(crate) who: String,
    pub(crate) why: String,
    pub(crate) text: String,
}

impl Version {
    /// What `If-Match` and `ETag` have: the number, and what it stands for.
    pub(crate) fn tag(&self) -> String {
        let hash = self.text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("\"{}-{hash:016x}\"", self.number)
    }
}

/// What is told about a configuration that has been taken over.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) at_micros: i64,
    pub(crate) who: String,
    pub(crate) why: String,
}

/// The configurations that ran.
#[derive(Debug)]
pub(crate) struct Versions {
    folder: Option<PathBuf>,
    known: Mutex<Known>,
    /// Held by whoever changes the configuration by hand.
    pub(crate) changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    versions: VecDeque<Version>,
    /// What the last one is the text of.
    config: Option<Arc<Config>>,
}

impl Versions {
    /// Those in the folder. Without one, or with one that cannot be read, there are none yet.
    pub(crate) fn open(folder: Option<PathBuf>) -> Self {
        let versions = folder.as_deref().map(read).unwrap_or_default();
        let known = Known { versions, config: None };
        Self { folder, known: Mutex::new(known), changing: Mutex::default() }
    }

    /// A configuration has been taken over that is this text.
    pub(crate) fn tell(&self, config: &Arc<Config>, text: &str, told: Told) -> Version {
        let max = config.control.as_ref().map_or(VERSIONS, |control| control.versions_max);
        let mut known = self.lock();
        known.config = Some(Arc::clone(config));
        if let Some(last) = known.versions.back()
            && last.text == text
        {
            return last.clone();
        }
        let number = known.versions.back().map_or(0, |last| last.number) + 1;
        let Told { at_micros, who, why } = told;
        let version = Version { number, at_micros, who, why, text: text.to_owned() };
        known.versions.push_back(version.clone());
        self.keep(&version);
        while known.versions.len() > max {
            if let Some(oldest) = known.versions.pop_front() {
                self.forget(oldest.number);
            }
        }
        version
    }

    /// The one that runs, if it has been told.
    pub(crate) fn of(&self, config: &Arc<Config>) -> Option<Version> {
        let known = self.lock();
        let same = known.config.as_ref().is_some_and(|known| Arc::ptr_eq(known, config));
        known.versions.back().filter(|_| same).cloned()
    }

    /// An earlier one.
    pub(crate) fn find(&self, number: u64) -> Option<Version> {
        self.lock().versions.iter().find(|version| version.number == number).cloned()
    }

    /// All of them, the newest first.
    pub(crate) fn all(&self) -> Vec<Version> {
        self.lock().versions.iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics while holding versions")
    }

    fn keep(&self, version: &Version) {
        let Some(folder) = &self.folder else { return };
        let file = folder.join(name(version.number));
        let new = file.with_extension("new");
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| serde_json::to_vec(version).map_err(io::Error::other))
            .and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, &file));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "a version is not kept");
        }
    }

    fn forget(&self, number: u64) {
        let Some(folder) = &self.folder else { return };
        if let Err(error) = std::fs::remove_file(folder.join(name(number))) {
            tracing::warn!(%error, number, "an old version is not removed");
        }
    }
}

fn name(number: u64) -> String {
    format!("{number:08}.json")
}

fn read(folder: &Path) -> VecDeque<Version> {
    let Ok(files) = std::fs::read_dir(folder) else { return VecDeque::new() };
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "json"));
    let read = files.filter_map(|file| {
        let text = std::fs::read(&file).ok()?;
        let version = serde_json::from_slice::<Version>(&text);
        version
            .inspect_err(|error| {
                tracing::warn!(%error, file = %file.display(), "a version makes no sense");
            })
            .ok()
    });
    let mut versions: Vec<Version> = read.collect();
    versions.sort_by_key(|version| version.number);
    versions.into()
}
