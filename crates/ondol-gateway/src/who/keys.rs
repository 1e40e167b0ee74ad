//! Keys that are shown with requests: long random words, of which only hashes are kept.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderName;
use ondol_auth::{Principal, Role, Scope};
use ondol_kernel::Timestamp;

use crate::config::{KeyOptions, KeysOptions};

/// Bytes of a file.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of a key that is shown.
const KEY_BYTES_MAX: usize = 512;
const HASH_BYTES: usize = 32;

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// It cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not what a file of keys is.
    #[error("{file} is not a file of keys")]
    Toml {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The header in which they would be shown is none.
    #[error("`{0}` is not a header's name")]
    Header(String),
    /// One of the keys is not as it has to be.
    #[error("the key `{key}` in {file} {rule}")]
    Key {
        /// The file.
        file: String,
        /// The key's name.
        key: String,
        /// Which rule it breaks.
        rule: &'static str,
    },
}

/// Keys of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The header in which they are shown.
    pub(super) header: HeaderName,
    known: HashMap<[u8; HASH_BYTES], Known>,
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    hash: [u8; HASH_BYTES],
    principal: Arc<Principal>,
    expires: Option<Timestamp>,
}

impl Keys {
    /// Reads a file of keys.
    pub(crate) fn read(options: &KeysOptions) -> Result<Self, KeysError> {
        let file = options.file.display().to_string();
        let text = read_text(&options.file)
            .map_err(|source| KeysError::File { file: file.clone(), source })?;
        let header = HeaderName::from_bytes(options.header.as_bytes());
        let header = header.map_err(|_error| KeysError::Header(options.header.clone()))?;
        Self::of(&file, &text, header)
    }

    fn of(file: &str, text: &str, header: HeaderName) -> Result<Self, KeysError> {
        let wrong = |source| KeysError::Toml { file: file.to_owned(), source: Box::new(source) };
        let written: std::collections::BTreeMap<String, KeyOptions> =
            toml::from_str(text).map_err(wrong)?;
        let mut keys = Self { header, known: HashMap::new() };
        for (name, options) in written {
            let broken = |rule| KeysError::Key { file: file.to_owned(), key: name.clone(), rule };
            let hash = read_hash(&options.hash)
                .ok_or_else(|| broken("has no hash like `sha256:` and 64 hexadecimal digits"))?;
            let expires = match &options.expires {
                Some(text) => Some(text.parse().map_err(|_error| {
                    broken("ends at a moment that is not like `2027-01-01T00:00:00Z`")
                })?),
                None => None,
            };
            if options.owner.is_empty() {
                return Err(broken("has no owner"));
            }
            let mut principal = Principal::known(options.owner, name.as_str());
            principal.scopes = options.scopes.into_iter().map(Scope).collect();
            principal.roles = options.roles.into_iter().map(Role).collect();
            principal.tenant = options.tenant;
            let known = Known { hash, principal: Arc::new(principal), expires };
            if keys.known.insert(hash, known).is_some() {
                return Err(broken("is another key as well"));
            }
        }
        Ok(keys)
    }

    /// Whose key this is.
    pub(crate) fn find(&self, key: &[u8], now: Timestamp) -> Result<Arc<Principal>, &'static str> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err("it does not have the length of a key");
        }
        let shown = digest(&SHA256, key);
        let hash: [u8; HASH_BYTES] = shown.as_ref().try_into().map_err(|_error| "no hash")?;
        // How long looking takes tells of the hash at most, from which no key can be told.
        let known = self.known.get(&hash).ok_or("nobody has this key")?;
        verify_slices_are_equal(&known.hash, &hash).map_err(|_other| "nobody has this key")?;
        match known.expires {
            Some(expires) if expires <= now => Err("the key has ended"),
            _ => Ok(Arc::clone(&known.principal)),
        }
    }
}

fn read_text(file: &Path) -> std::io::Result<String> {
    if std::fs::metadata(file)?.len() > FILE_BYTES_MAX {
        return Err(std::io::Error::other("the file is too long"));
    }
    std::fs::read_to_string(file)
}

fn read_hash(text: &str) -> Option<[u8; HASH_BYTES]> {
    let digits = text.strip_prefix("sha256:")?;
    if digits.len() != 2 * HASH_BYTES || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; HASH_BYTES];
    for (byte, at) in hash.iter_mut().zip((0..digits.len()).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;
