//! Finding a server's programs.

use std::fs;
use std::path::{Path, PathBuf};

use super::home::StartError;

/// A server's programs: what to look for, where, and what to install when it is not there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// For people.
    pub(crate) what: &'static str,
    /// All of them must lie in one folder.
    pub(crate) programs: &'static [&'static str],
    /// A folder of versions, and where the programs lie in each: `("/usr/lib/postgresql", "bin")`.
    pub(crate) versions: (&'static str, &'static str),
    /// The Debian package.
    pub(crate) package: &'static str,
}

impl Wanted {
    /// The folder of the newest version, or the first in the `PATH`.
    pub(crate) fn find(&self) -> Result<PathBuf, StartError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        self.find_in(Path::new(self.versions.0), std::env::split_paths(&path))
    }

    fn find_in(
        &self,
        versions: &Path,
        path: impl IntoIterator<Item = PathBuf>,
    ) -> Result<PathBuf, StartError> {
        let versions =
            newest_first(versions).into_iter().map(|folder| folder.join(self.versions.1));
        let complete =
            |folder: &PathBuf| self.programs.iter().all(|name| folder.join(name).is_file());
        versions
            .chain(path)
            .find(complete)
            .ok_or(StartError::Missing { what: self.what, package: self.package })
    }
}

/// `15` before `9.6`: by number, not by letter.
fn newest_first(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.split('.').next()?.parse::<u32>().ok();
    let mut found: Vec<_> =
        entries.filter_map(|entry| Some((number(&entry.path())?, entry.path()))).collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests;
