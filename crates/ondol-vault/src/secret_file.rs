//! Files with one secret in them: the master key, what pages seal with, what letters are signed with.
//!
//! A secret that others can read protects nothing, so whoever keeps one in a file reads it here: it
//! is a file of its owner's, with mode 0600 or less, and refused otherwise. What is looked at is what
//! is read: the file is opened first, never through a link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::files;

/// How many bytes of a file are a secret; more are none.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Why a file holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// It cannot be read or made.
    #[error("the secret in {path:?} cannot be read or made")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read it, or it is another's.
    #[error(
        "the secret in {path:?} is open to others: it has to be a file of one's own, mode 0600"
    )]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
    },
    /// It is longer than secrets are.
    #[error("the secret in {path:?} has more than {SECRET_BYTES_MAX} bytes")]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
}

impl SecretFileError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// What stands in a file that is kept to its owner.
///
/// # Errors
/// When it is missing, cannot be read, or is open to others.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let failed = |source| SecretFileError::File { path: path.to_owned(), source };
    let open_to_others = || SecretFileError::OpenToOthers { path: path.to_owned() };
    // A pipe in its place must not be waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(open_to_others());
        }
        Err(error) => return Err(failed(error)),
    };
    if is_open_to_others(&file).map_err(failed)? {
        return Err(open_to_others());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    let is_long = u64::try_from(bytes.len()).is_ok_and(|length| length > SECRET_BYTES_MAX);
    if is_long { Err(SecretFileError::TooLong { path: path.to_owned() }) } else { Ok(bytes) }
}

/// The same; where there is no file, one is made with a new secret. If another process is quicker,
/// its secret is the one.
///
/// # Errors
/// When it can neither be read nor made, or is open to others.
pub fn read_or_make_secret(
    path: &Path,
    new: impl FnOnce() -> Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    match read_secret(path) {
        Err(error) if error.is_missing() => {
            make(path, &new())
                .map_err(|source| SecretFileError::File { path: path.to_owned(), source })?;
            read_secret(path)
        }
        read => read,
    }
}

/// Whether anybody but its owner may read or write a file, or its owner is somebody else.
fn is_open_to_others(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    Ok(!found.is_file() || found.mode() & 0o077 != 0 || !is_ours)
}

/// Makes a file whole or not at all; one that is there meanwhile stays as it is.
fn make(path: &Path, secret: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(files::OWNER_ONLY);
    let mut file = options.open(&beside)?;
    file.write_all(secret)?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => files::sync_folder(path),
    }
}
