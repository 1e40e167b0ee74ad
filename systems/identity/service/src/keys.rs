//! The keys that sign tokens, kept sealed, replaced in time.
//!
//! What services verify is signed with Ed25519, which is verified in two thirds of the time; what
//! clients verify is signed with ES256, which every client knows.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use ondol_auth::{
    Algorithm, KeyTimes, SigningError, SigningKey, SigningKeyBytes, SigningKeys, TokenType,
    decode_strict, encode,
};
use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use ondol_store::BoxError;
use ondol_vault::{Opened, Sealed, Vault};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::options::Options;

/// Under this name the keys are sealed.
const SUBJECT: &str = "signing-keys";
/// What signs tokens that services verify.
pub(crate) const ACCESS: Algorithm = Algorithm::EdDsa;
/// What signs tokens that clients verify.
pub(crate) const ID: Algorithm = Algorithm::Es256;
/// How long before it signs a key is published.
const AHEAD: Duration = Duration::from_secs(3600);

/// The keys that sign tokens. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    keys: Arc<RwLock<SigningKeys>>,
    kept: Arc<RwLock<Vec<Kept>>>,
    vault: Vault,
    path: PathBuf,
    signs_for: Duration,
    tokens_last: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    algorithm: String,
    key: Sealed<String>,
    from: Timestamp,
    until: Timestamp,
    published: Timestamp,
}

impl Keys {
    pub(crate) fn open(
        options: &Options,
        vault: Vault,
        clock: &dyn Clock,
    ) -> Result<Self, BoxError> {
        let path = options.keys.with_file_name("signing.json");
        let kept = read(&path)?;
        let keys = Self {
            keys: Arc::default(),
            kept: Arc::new(RwLock::new(kept)),
            vault,
            path,
            signs_for: Duration::from_secs(options.key_signs_seconds),
            tokens_last: Duration::from_secs(options.access_seconds.max(3600)),
        };
        keys.load()?;
        keys.rotate_when_due(clock.now())?;
        Ok(keys)
    }

    /// Makes the next key ahead of the end of the last one, and forgets those that are over.
    pub(crate) fn rotate_when_due(&self, now: Timestamp) -> Result<(), BoxError> {
        let later = |time: Timestamp, by: Duration| time.checked_add(by).unwrap_or(time);
        let mut kept = self.kept.write().expect("nobody panics while holding the keys");
        kept.retain(|key| now < key.published);
        let mut is_new = false;
        for algorithm in [ACCESS, ID] {
            let own = kept.iter().filter(|key| key.algorithm == algorithm.name());
            let last = own.map(|key| key.until).max();
            if last.is_some_and(|last| later(now, AHEAD) < last) {
                continue;
            }
            // The first key signs at once; every other one from a moment that all will have heard of.
            let from = last.map_or(now, |last| last.max(now));
            let until = later(from, self.signs_for);
            let (_key, bytes) = SigningKey::generate_for(algorithm)?;
            let key = self.vault.seal(SUBJECT, "key", &encode(&*bytes.0))?;
            let (algorithm, published) =
                (algorithm.name().to_owned(), later(until, self.tokens_last));
            kept.push(Kept { algorithm, key, from, until, published });
            is_new = true;
        }
        if !is_new {
            return Ok(());
        }
        write(&self.path, &serde_json::to_vec(&*kept)?)?;
        drop(kept);
        self.load()
    }

    fn load(&self) -> Result<(), BoxError> {
        let mut keys = SigningKeys::default();
        for kept in self.kept.read().expect("nobody panics while holding the keys").iter() {
            let Opened::Plain(text) = self.vault.unseal(SUBJECT, "key", &kept.key)? else {
                return Err("the signing keys were forgotten".into());
            };
            let text = Zeroizing::new(text);
            let bytes = SigningKeyBytes(Zeroizing::new(decode_strict(&text)?));
            let times = KeyTimes {
                signs_from: kept.from,
                signs_until: kept.until,
                published_until: kept.published,
            };
            keys.add(SigningKey::read(&bytes)?, times);
        }
        *self.keys.write().expect("nobody panics while holding the keys") = keys;
        Ok(())
    }

    /// The key that signs by this algorithm now.
    pub(crate) fn active(
        &self,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<SigningKey, SigningError> {
        let find = || {
            let keys = self.keys.read().expect("nobody panics while holding the keys");
            keys.active(algorithm, now).cloned()
        };
        if let Err(error) = self.rotate_when_due(now) {
            tracing::error!(%error, "the next signing key could not be made");
        }
        find()
    }

    /// The claims of an ID token, whatever its age, if one of our keys has signed it.
    pub(crate) fn signed_by_us(&self, token: &str) -> Option<Vec<u8>> {
        let keys = self.keys.read().expect("nobody panics while holding the keys");
        keys.read_own(TokenType::Id, token)
    }

    pub(crate) fn published(&self, now: Timestamp) -> Result<Vec<u8>, SigningError> {
        self.keys.read().expect("nobody panics while holding the keys").published(now)
    }
}

fn read(path: &Path) -> Result<Vec<Kept>, BoxError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BoxError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)?;
    Ok(())
}
