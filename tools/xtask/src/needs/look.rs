//! Looking for programs.

use std::fs;
use std::path::{Path, PathBuf};

/// Where servers are, though not always in a user's `PATH`.
const SERVER_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The programs of a system.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    folders: Vec<PathBuf>,
}

impl Programs {
    /// Of the system we run on.
    pub(crate) fn of_system() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let servers = SERVER_FOLDERS.iter().map(PathBuf::from);
        // Cargo finds its own subcommands there, in the `PATH` or not.
        let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let cargo = cargo.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")));
        let subcommands = cargo.map(|home| home.join("bin"));
        Self { folders: std::env::split_paths(&path).chain(servers).chain(subcommands).collect() }
    }

    /// Of a system made up of these folders.
    #[cfg(test)]
    pub(crate) fn made_up(folders: &[&Path]) -> Self {
        Self { folders: folders.iter().map(|folder| folder.to_path_buf()).collect() }
    }

    /// Whether a program of this name can be called, or a file of this path (`*` stands for one part) exists.
    pub(crate) fn has(&self, probe: &str) -> bool {
        if probe.starts_with('/') {
            return exists(Path::new("/"), &probe.split('/').skip(1).collect::<Vec<_>>());
        }
        self.folders.iter().any(|folder| folder.join(probe).is_file())
    }
}

fn exists(start: &Path, parts: &[&str]) -> bool {
    let Some((part, rest)) = parts.split_first() else { return start.is_file() };
    if *part != "*" {
        return exists(&start.join(part), rest);
    }
    let entries = fs::read_dir(start).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| exists(&entry.path(), rest))
}
