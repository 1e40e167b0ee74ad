//! The machine a figure was measured on, as far as it can be asked.
//!
//! Read from `/proc`; where that is missing (other systems) a part says `unknown`.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::thread;

/// What a reader needs to know to compare a figure with one of their own.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    pub(crate) load: String,
    pub(crate) disk: String,
}

impl Machine {
    /// Looks at this machine, and at the filesystem `folder` is on.
    pub(crate) fn here(folder: &Path) -> Self {
        let proc =
            |name: &str| fs::read_to_string(Path::new("/proc").join(name)).unwrap_or_default();
        let known = |found: Option<String>| found.unwrap_or_else(|| "unknown".to_owned());
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Self {
            cpu: known(field(&proc("cpuinfo"), "model name")),
            cores: thread::available_parallelism().map_or(1, NonZero::get),
            memory: known(field(&proc("meminfo"), "MemTotal").and_then(|text| mebibytes(&text))),
            kernel: known(
                word(&proc("sys/kernel/ostype"))
                    .zip(word(&proc("sys/kernel/osrelease")))
                    .map(|(name, release)| format!("{name} {release}")),
            ),
            load: known(word(&proc("loadavg"))),
            disk: known(filesystem(&proc("mounts"), &folder)),
        }
    }
}

/// The build of this program. A debug build is named as what it is: not worth measuring.
pub(crate) fn build() -> &'static str {
    if cfg!(debug_assertions) { "debug (its figures mean nothing)" } else { "release, optimised" }
}

/// The first value of `name : value` lines.
fn field(text: &str, name: &str) -> Option<String> {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

fn word(text: &str) -> Option<String> {
    text.split_whitespace().next().map(str::to_owned)
}

/// `8123456 kB` as `7,933 MiB`.
fn mebibytes(text: &str) -> Option<String> {
    let kibibytes: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(format!("{} MiB", crate::report::grouped(kibibytes / 1024)))
}

/// The mount with the longest path that holds the folder, as `ext4 on /dev/vda`.
fn filesystem(mounts: &str, folder: &Path) -> Option<String> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?, words.next()?))
    });
    let holding = mounts.filter(|(_, place, _)| folder.starts_with(place));
    let (device, _, kind) = holding.max_by_key(|(_, place, _)| place.len())?;
    Some(format!("{kind} on {device}"))
}

#[cfg(test)]
mod tests;
