//! The master keys: one wraps, older ones only unwrap.
//!
//! A file of lines, `GENERATION KEY`, the key as base64url of 32 bytes. It stands apart from the
//! data, is readable by its owner only, and is refused otherwise: a master key that others can
//! read protects nothing, and it is better to be told than to find out.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ondol_doors::Rng;
use zeroize::Zeroizing;

use crate::cipher::{KEY_BYTES, Key};
use crate::files;
use crate::secret_file::{self, SecretFileError};

/// How many generations a file may hold.
const GENERATIONS_MAX: usize = 16;

/// The master keys by generation.
#[derive(Clone)]
pub struct MasterKeys {
    path: PathBuf,
    keys: Vec<(u32, Key)>,
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// The file cannot be read, or is open to others.
    #[error("the master key file cannot be used")]
    Secret(#[from] SecretFileError),
    /// The file cannot be written.
    #[error("the master key file {path:?} cannot be written")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What is in it is no key.
    #[error("line {line} of the master key file {path:?} {rule}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// Which rule it breaks.
        rule: &'static str,
    },
    /// There is a file already.
    #[error("there is a master key file {path:?} already")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
}

impl MasterKeyError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "vault-master-key"
    }
}

impl MasterKeys {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is missing, open to others, or holds what is no key: too short, too long, all zero.
    pub fn open(path: &Path) -> Result<Self, MasterKeyError> {
        let bytes = secret_file::read_secret(path)?;
        let text = str::from_utf8(&bytes).map_err(|_no_text| MasterKeyError::Line {
            path: path.to_owned(),
            line: 1,
            rule: "is not text",
        })?;
        let mut keys: Vec<(u32, Key)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |rule| MasterKeyError::Line { path: path.to_owned(), line: at + 1, rule };
            let (generation, key) = read(line).map_err(wrong)?;
            if keys.last().is_some_and(|(last, _)| *last >= generation) {
                return Err(wrong("does not have a higher generation than the line before"));
            }
            if keys.len() == GENERATIONS_MAX {
                return Err(wrong("is one generation too many"));
            }
            keys.push((generation, key));
        }
        if keys.is_empty() {
            return Err(MasterKeyError::Line {
                path: path.to_owned(),
                line: 1,
                rule: "is missing: the file is empty",
            });
        }
        Ok(Self { path: path.to_owned(), keys })
    }

    /// Makes a file with a first key.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub fn create(path: &Path, rng: &dyn Rng) -> Result<Self, MasterKeyError> {
        if path.exists() {
            return Err(MasterKeyError::Exists { path: path.to_owned() });
        }
        let made = Self { path: path.to_owned(), keys: vec![(1, Key::drawn(rng))] };
        made.write()?;
        Ok(made)
    }

    /// Adds a generation: it wraps from now on, and the older ones only unwrap.
    ///
    /// # Errors
    /// When there are too many, or the file cannot be written.
    pub fn rotated(&self, rng: &dyn Rng) -> Result<Self, MasterKeyError> {
        let line = self.keys.len() + 1;
        if self.keys.len() == GENERATIONS_MAX {
            let rule = "would be one generation too many";
            return Err(MasterKeyError::Line { path: self.path.clone(), line, rule });
        }
        let mut rotated = self.clone();
        rotated.keys.push((self.newest().0 + 1, Key::drawn(rng)));
        rotated.write()?;
        Ok(rotated)
    }

    /// Drops all but the newest generation, once everything has been wrapped anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn only_newest(&self) -> Result<Self, MasterKeyError> {
        let newest = self.newest().clone();
        let only = Self { path: self.path.clone(), keys: vec![newest] };
        only.write()?;
        Ok(only)
    }

    /// The generation that wraps.
    pub fn generation(&self) -> u32 {
        self.newest().0
    }

    pub(crate) fn newest(&self) -> &(u32, Key) {
        self.keys.last().expect("a file without keys is refused")
    }

    pub(crate) fn of(&self, generation: u32) -> Option<&Key> {
        self.keys.iter().find(|(known, _)| *known == generation).map(|(_, key)| key)
    }

    fn write(&self) -> Result<(), MasterKeyError> {
        let mut text = Zeroizing::new(String::new());
        for (generation, key) in &self.keys {
            let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.bytes()));
            text.push_str(&format!("{generation} {}\n", *key));
        }
        let put = files::put(&self.path, text.as_bytes());
        put.map_err(|source| MasterKeyError::File { path: self.path.clone(), source })
    }
}

fn read(line: &str) -> Result<(u32, Key), &'static str> {
    let (generation, key) = line.split_once(' ').ok_or("is not a generation and a key")?;
    let generation = generation.parse().map_err(|_no_number| "has no number as generation")?;
    let bytes = URL_SAFE_NO_PAD.decode(key).map_err(|_other| "is not base64url")?;
    let bytes = Zeroizing::new(bytes);
    if bytes.len() != KEY_BYTES {
        return Err("does not hold a key of 32 bytes");
    }
    Key::read(&bytes).map(|key| (generation, key)).ok_or("holds a key of zeros")
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterKeys").field("path", &self.path).finish_non_exhaustive()
    }
}
