//! What can be chosen about a log on a disk.

use std::path::PathBuf;

use ondol_store::Limits;
use serde::{Deserialize, Serialize};

use crate::bug::Bugs;
use crate::format::SEGMENT_HEADER;

/// How a log on a disk is kept. The defaults suit a machine of two cores or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The log's folder. It is made if it is not there.
    pub folder: PathBuf,
    /// How long a segment's file is made.
    pub segment_bytes: u32,
    /// How many appends may wait for the disk before more are refused.
    pub appends_waiting_max: u32,
    /// How many bytes of appends may wait for the disk before more are refused.
    pub bytes_waiting_max: u32,
    /// How many entries of the index are kept in memory before they go to the disk.
    pub index_entries_max: u32,
    /// How many segments are kept open for reading.
    pub open_files_max: u32,
    /// How many bytes of snapshots are kept before the oldest are thrown away.
    pub snapshots_bytes_max: u64,
    /// Whether segments are written with zeros ahead, while the disk has little to do: syncs of
    /// small groups are faster then.
    pub prewrite: bool,
    /// What the log takes at most.
    pub limits: Limits,
    /// A bug to be planted, for the torture.
    #[cfg(feature = "planted-bugs")]
    pub planted_bug: Option<crate::PlantedBug>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("log"),
            segment_bytes: 64 << 20,
            appends_waiting_max: 1 << 16,
            bytes_waiting_max: 32 << 20,
            index_entries_max: 1 << 19,
            open_files_max: 128,
            snapshots_bytes_max: 1 << 30,
            prewrite: true,
            limits: Limits::default(),
            #[cfg(feature = "planted-bugs")]
            planted_bug: None,
        }
    }
}

impl Options {
    /// The usual options for a log in this folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }

    /// Checks the options.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        const SEGMENT_MIN: u32 = 4096;
        const SEGMENT_MAX: u32 = 1 << 30;
        let mut problems = Vec::new();
        let mut within = |name: &str, found: u64, least: u64, most: u64| {
            if !(least..=most).contains(&found) {
                problems.push(format!("{name} is {found}, it has to be {least} to {most}"));
            }
        };
        within("segment_bytes", self.segment_bytes.into(), SEGMENT_MIN.into(), SEGMENT_MAX.into());
        within("appends_waiting_max", self.appends_waiting_max.into(), 1, 1 << 20);
        within("bytes_waiting_max", self.bytes_waiting_max.into(), 1 << 10, 1 << 29);
        within("index_entries_max", self.index_entries_max.into(), 1, 1 << 26);
        within("open_files_max", self.open_files_max.into(), 2, 1 << 16);
        let append_max =
            (self.limits.append_bytes_max as u64).saturating_add(SEGMENT_HEADER as u64);
        within("limits.append_bytes_max", append_max, 1, 1 << 29);
        within(
            "limits.streams_per_append_max",
            self.limits.streams_per_append_max as u64,
            1,
            65_535,
        );
        within(
            "limits.events_per_append_max",
            self.limits.events_per_append_max as u64,
            1,
            1 << 20,
        );
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    pub(crate) fn bugs(&self) -> Bugs {
        Bugs {
            #[cfg(feature = "planted-bugs")]
            planted: self.planted_bug,
        }
    }
}
