//! Who a server runs as: databases rightly refuse to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Whom root becomes to run a server: the first of these that the system knows.
const ORDINARY_USERS: [&str; 2] = ["postgres", "nobody"];

/// A user other than root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs the tests.
    Ourselves,
    /// Root runs the tests and steps down to this user and group.
    Other {
        /// The user's number.
        uid: u32,
        /// Its group's number.
        gid: u32,
    },
}

impl User {
    /// The user a server is to run as.
    pub(crate) fn for_servers() -> io::Result<Self> {
        if our_uid()? != 0 {
            return Ok(Self::Ourselves);
        }
        let known = fs::read_to_string("/etc/passwd")?;
        let found = ORDINARY_USERS.into_iter().find_map(|name| in_passwd(&known, name));
        found.ok_or_else(|| {
            io::Error::other("root runs the tests, and there is no user `nobody` to step down to")
        })
    }

    /// Lets a command run as this user.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives a file or folder to this user.
    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => std::os::unix::fs::chown(path, Some(uid), Some(gid)),
        }
    }

    /// Its number, to tell apart what belongs to different users.
    pub(crate) fn uid(self) -> io::Result<u32> {
        match self {
            Self::Ourselves => our_uid(),
            Self::Other { uid, .. } => Ok(uid),
        }
    }
}

/// Our own processes' files belong to us.
fn our_uid() -> io::Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

fn in_passwd(text: &str, name: &str) -> Option<User> {
    let mut fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let entry = fields.find(|fields| fields.first() == Some(&name))?;
    Some(User::Other { uid: entry.get(2)?.parse().ok()?, gid: entry.get(3)?.parse().ok()? })
}

#[cfg(test)]
mod tests;
