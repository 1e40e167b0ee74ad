//! What only these pages can read, kept by whoever looks at them: a sign-in in a cookie.
//!
//! Whoever has the key can be anybody, so it is made once, readable by its owner alone and refused
//! otherwise, and never leaves the machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use ondol_auth::{decode_strict, encode};
use ondol_doors::Rng;
use ondol_vault::{SecretFileError, read_or_make_secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

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
    /// The file cannot be read or made, or is open to others.
    #[error("the key of the pages cannot be used")]
    File(#[from] SecretFileError),
    /// What is in it is no key.
    #[error("the key in {} has {KEY_BYTES} bytes, not all zeros; found {found} bytes", path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
        /// How many it has.
        found: usize,
    },
}

impl Sealer {
    /// With the key in a file; where there is none, one is made.
    pub(crate) fn open(path: &Path, rng: &dyn Rng) -> Result<Self, KeyError> {
        let drawn = || {
            let mut bytes = Zeroizing::new(vec![0; KEY_BYTES]);
            rng.fill(&mut bytes);
            bytes
        };
        let bytes = read_or_make_secret(path, drawn)?;
        let no_key = || KeyError::NoKey { path: path.to_owned(), found: bytes.len() };
        let some = Some(&bytes).filter(|bytes| bytes.iter().any(|byte| *byte != 0));
        let key = some.and_then(|bytes| RandomizedNonceKey::new(&AES_256_GCM, bytes).ok());
        let key = key.ok_or_else(no_key)?;
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

#[cfg(test)]
mod tests;
