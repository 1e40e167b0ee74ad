//! What only these pages can read, kept by whoever looks at them: a sign-in in a cookie.
//!
//! Whoever has the key can be anybody, so it is made once, readable by its owner alone, and never
//! leaves the machine.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use ondol_auth::{decode_strict, encode};
use ondol_doors::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many bytes a key has.
const KEY_BYTES: usize = 32;

/// Seals, and opens what it has sealed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Arc<RandomizedNonceKey>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key in {} cannot be read or made", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What is in it is no key.
    #[error("the key in {} has {KEY_BYTES} bytes, found {found}", path.display())]
    Length {
        /// Which file.
        path: PathBuf,
        /// How many it has.
        found: usize,
    },
}

impl Sealer {
    /// With the key in a file; where there is none, one is made.
    pub(crate) fn open(path: &Path, rng: &dyn Rng) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                made(path, rng).map_err(failed)?
            }
            Err(source) => return Err(failed(source)),
        };
        let wrong = |_unusable| KeyError::Length { path: path.to_owned(), found: bytes.len() };
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(wrong)?;
        Ok(Self { key: Arc::new(key) })
    }

    /// Something, sealed for what it is for; nothing, when it cannot be.
    pub(crate) fn seal<T: Serialize>(&self, what: &str, value: &T) -> Option<String> {
        let mut bytes = serde_json::to_vec(value).ok()?;
        let nonce = self.key.seal_in_place_append_tag(Aad::from(what), &mut bytes).ok()?;
        Some(encode([nonce.as_ref(), bytes.as_slice()].concat()))
    }

    /// What was sealed for this; nothing, when it was not, or not by us.
    pub(crate) fn unseal<T: DeserializeOwned>(&self, what: &str, text: &str) -> Option<T> {
        let mut bytes = decode_strict(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.key.open_in_place(nonce, Aad::from(what), sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// Makes a key. If another process was quicker, its key is the one.
fn made(path: &Path, rng: &dyn Rng) -> io::Result<Vec<u8>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut bytes = vec![0; KEY_BYTES];
    rng.fill(&mut bytes);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(&bytes)?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bytes.clear();
            OpenOptions::new().read(true).open(path)?.read_to_end(&mut bytes)?;
        }
        Err(error) => return Err(error),
    }
    Ok(bytes)
}
