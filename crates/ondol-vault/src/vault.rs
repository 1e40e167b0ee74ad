//! The vault: seals, opens, forgets.

mod error;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ondol_doors::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Sealed;
use crate::cipher::Key;
use crate::ledger::{Fate, Ledger};
use crate::master::MasterKeys;
use crate::people::{Kept, People, VERSIONS_MAX, Wrapped};

pub use error::{OpenError, SealError, VaultError};

/// How many people's keys are held unwrapped.
const HELD_MAX: usize = 4_096;
/// How long the name of a person may be.
const SUBJECT_BYTES_MAX: usize = 64;
/// The person that nobody is: under this name the key of the blind index is kept.
const INDEX: &str = "index";

/// Where a vault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultOptions {
    /// The master key's file.
    pub master: PathBuf,
    /// The folder of people's keys: not in one place with the data, and not in its backups.
    pub keys: PathBuf,
    /// The ledger: apart from the keys, or a backup of them would bring an older one with it.
    pub ledger: PathBuf,
}

/// The vault. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    rng: Arc<dyn Rng>,
    people: People,
    index: hmac::Key,
    state: Mutex<State>,
}

/// A person's keys, unwrapped, by version.
type Keys = Arc<Vec<(u32, Key)>>;

struct State {
    master: MasterKeys,
    ledger: Ledger,
    held: HashMap<String, Keys>,
}

/// What opening a sealed value comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened<T> {
    /// What was sealed.
    Plain(T),
    /// The person was forgotten, and nobody can know any more.
    Forgotten,
}

impl Vault {
    /// Opens the vault. Keys of people who were forgotten are destroyed again first, should a
    /// backup have brought them back.
    ///
    /// # Errors
    /// When there is no master key that is kept to its owner, or the files cannot be used.
    pub fn open(options: &VaultOptions, rng: Arc<dyn Rng>) -> Result<Self, VaultError> {
        let file = |what| move |source| VaultError::File { what, source };
        let master = MasterKeys::open(&options.master)?;
        let ledger = Ledger::open(&options.ledger).map_err(file("the ledger"))?;
        let people = People::open(options.keys.clone()).map_err(file("the keys"))?;
        for subject in ledger.forgotten() {
            let path = people.path(subject);
            if path.exists() {
                tracing::warn!(subject, "a key that was destroyed had come back");
            }
            people.wipe(subject).map_err(file("a key"))?;
        }
        let index = index_key(&people, &master, rng.as_ref())?;
        let index = hmac::Key::new(hmac::HMAC_SHA256, index.bytes());
        let state = Mutex::new(State { master, ledger, held: HashMap::new() });
        Ok(Self { inner: Arc::new(Inner { rng, people, index, state }) })
    }

    /// Seals a field of what is known of a person. His first field makes his key.
    ///
    /// # Errors
    /// When he was forgotten, or the vault cannot be used.
    pub fn seal<T: Serialize>(
        &self,
        subject: &str,
        field: &str,
        value: &T,
    ) -> Result<Sealed<T>, SealError> {
        let plain = serde_json::to_vec(value).map_err(SealError::Value)?;
        let plain = zeroize::Zeroizing::new(plain);
        let mut state = self.inner.state();
        if state.ledger.fate(subject) == Some(Fate::Forgotten) {
            return Err(SealError::Forgotten { subject: subject.to_owned() });
        }
        let keys = match state.keys(&self.inner, subject)? {
            Some(keys) => keys,
            None => state.make(&self.inner, subject, 1)?,
        };
        drop(state);
        let (version, key) = keys.last().ok_or(SealError::Provider)?;
        let version = version.to_string();
        let names = ["ondol sealed 1", subject, field, &version];
        let body = key.seal(self.inner.rng.as_ref(), &names, &plain).ok_or(SealError::Provider)?;
        Ok(Sealed::written(format!("v1.{version}.{body}")))
    }

    /// Opens a field of what is known of a person.
    ///
    /// # Errors
    /// When it was sealed for somebody else or as another field, or was changed. That he was
    /// forgotten is an answer.
    pub fn unseal<T: DeserializeOwned>(
        &self,
        subject: &str,
        field: &str,
        sealed: &Sealed<T>,
    ) -> Result<Opened<T>, OpenError> {
        let not_ours = || {
            tracing::error!(subject, field, "a sealed value is not what it is said to be");
            OpenError::NotOurs { subject: subject.to_owned(), field: field.to_owned() }
        };
        let mut state = self.inner.state();
        if state.ledger.fate(subject) == Some(Fate::Forgotten) {
            return Ok(Opened::Forgotten);
        }
        let keys = state.keys(&self.inner, subject)?.ok_or_else(not_ours)?;
        drop(state);
        let mut parts = sealed.text().splitn(3, '.');
        let (Some("v1"), Some(version), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(not_ours());
        };
        let key = keys.iter().find(|(known, _)| known.to_string() == version);
        let (_, key) = key.ok_or_else(not_ours)?;
        let names = ["ondol sealed 1", subject, field, version];
        let plain = key.open(&names, body).map_err(|_not_ours| not_ours())?;
        serde_json::from_slice(&plain).map(Opened::Plain).map_err(|_other| not_ours())
    }

    /// What a value is found by while it is sealed: the same for the same value, and nothing to
    /// whoever does not have the vault's key.
    pub fn blind(&self, field: &str, value: &str) -> String {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        let mut context = hmac::Context::with_key(&self.inner.index);
        context.update(&length.to_be_bytes());
        context.update(field.as_bytes());
        context.update(value.as_bytes());
        URL_SAFE_NO_PAD.encode(&context.sign().as_ref()[..24])
    }

    /// Forgets a person for ever. It is written down before the key is destroyed, so that a crash
    /// in between only delays it until the vault opens again.
    ///
    /// # Errors
    /// When it cannot be written down, or the key cannot be destroyed.
    pub fn forget(&self, subject: &str) -> Result<(), VaultError> {
        checked(subject)?;
        let file = |what| move |source| VaultError::File { what, source };
        let mut state = self.inner.state();
        state.ledger.write(subject, Fate::Forgotten).map_err(file("the ledger"))?;
        state.held.remove(subject);
        self.inner.people.wipe(subject).map_err(file("a key"))
    }

    /// Whether a person was forgotten.
    pub fn is_forgotten(&self, subject: &str) -> bool {
        self.inner.state().ledger.fate(subject) == Some(Fate::Forgotten)
    }

    /// Everybody who was forgotten.
    pub fn forgotten(&self) -> Vec<String> {
        self.inner.state().ledger.forgotten().map(str::to_owned).collect()
    }

    /// Gives a person a new key: what was sealed stays readable, and what is sealed from now on
    /// is sealed with the new one. An older one that is put back is refused.
    ///
    /// # Errors
    /// When the vault cannot be used.
    pub fn rotate(&self, subject: &str) -> Result<u32, VaultError> {
        let mut state = self.inner.state();
        let last = state.keys(&self.inner, subject)?;
        let next = last.and_then(|keys| keys.last().map(|(version, _)| version + 1)).unwrap_or(1);
        state.make(&self.inner, subject, next)?;
        let fate = state.ledger.write(subject, Fate::AtLeast(next));
        fate.map_err(|source| VaultError::File { what: "the ledger", source })?;
        Ok(next)
    }

    /// Makes a new generation of the master key and wraps every key anew; after that the older
    /// generations are dropped.
    ///
    /// # Errors
    /// When a key cannot be unwrapped or written; the old generations then stay.
    pub fn rotate_master(&self) -> Result<u32, VaultError> {
        let file = |what| move |source| VaultError::File { what, source };
        let (inner, mut state) = (&*self.inner, self.inner.state());
        state.master = state.master.rotated(inner.rng.as_ref())?;
        for subject in inner.people.all().map_err(file("the keys"))? {
            let kept = inner.people.get(&subject).map_err(file("a key"))?;
            let Some(mut kept) = kept else { continue };
            for wrapped in &mut kept.keys {
                let no_key = || VaultError::Key { subject: subject.clone() };
                let key = wrapped.unwrap(&state.master, &subject).ok_or_else(no_key)?;
                let rng = inner.rng.as_ref();
                let anew = Wrapped::wrap(&state.master, rng, &subject, wrapped.version, &key);
                *wrapped = anew.ok_or_else(no_key)?;
            }
            inner.people.put(&kept).map_err(file("a key"))?;
        }
        state.master = state.master.only_newest()?;
        Ok(state.master.generation())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the vault's state")
    }
}

impl State {
    /// A person's keys, unwrapped; none, if he has none.
    fn keys(&mut self, inner: &Inner, subject: &str) -> Result<Option<Keys>, VaultError> {
        checked(subject)?;
        if let Some(held) = self.held.get(subject) {
            return Ok(Some(Arc::clone(held)));
        }
        let kept = inner.people.get(subject);
        let kept = kept.map_err(|source| VaultError::File { what: "a key", source })?;
        let Some(kept) = kept else { return Ok(None) };
        let keys = unwrapped(&kept, &self.master, subject)?;
        let newest = keys.last().map_or(0, |(version, _)| *version);
        if let Some(Fate::AtLeast(least)) = self.ledger.fate(subject)
            && newest < least
        {
            return Err(VaultError::PutBack { subject: subject.to_owned() });
        }
        Ok(Some(self.hold(subject, keys)))
    }

    fn hold(&mut self, subject: &str, keys: Vec<(u32, Key)>) -> Keys {
        if self.held.len() >= HELD_MAX {
            self.held.clear();
        }
        let keys = Arc::new(keys);
        self.held.insert(subject.to_owned(), Arc::clone(&keys));
        keys
    }

    fn make(&mut self, inner: &Inner, subject: &str, version: u32) -> Result<Keys, VaultError> {
        let file = |source| VaultError::File { what: "a key", source };
        let kept = inner.people.get(subject).map_err(file)?;
        let mut kept = kept.unwrap_or(Kept { subject: subject.to_owned(), keys: Vec::new() });
        if kept.keys.len() >= VERSIONS_MAX {
            return Err(VaultError::TooManyVersions { subject: subject.to_owned() });
        }
        let key = Key::drawn(inner.rng.as_ref());
        let rng = inner.rng.as_ref();
        let wrapped = Wrapped::wrap(&self.master, rng, subject, version, &key);
        let no_key = || VaultError::Key { subject: subject.to_owned() };
        kept.keys.push(wrapped.ok_or_else(no_key)?);
        inner.people.put(&kept).map_err(file)?;
        let keys = unwrapped(&kept, &self.master, subject)?;
        Ok(self.hold(subject, keys))
    }
}

fn unwrapped(
    kept: &Kept,
    master: &MasterKeys,
    subject: &str,
) -> Result<Vec<(u32, Key)>, VaultError> {
    let no_key = || VaultError::Key { subject: subject.to_owned() };
    if kept.subject != subject || kept.keys.is_empty() {
        return Err(no_key());
    }
    let unwrapped = kept.keys.iter().map(|wrapped| {
        let key = wrapped.unwrap(master, subject).ok_or_else(no_key)?;
        Ok((wrapped.version, key))
    });
    unwrapped.collect()
}

fn checked(subject: &str) -> Result<(), VaultError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = !subject.is_empty() && subject != INDEX && subject.len() <= SUBJECT_BYTES_MAX;
    if is_name && subject.bytes().all(fits) {
        return Ok(());
    }
    Err(VaultError::Subject { subject: subject.chars().take(SUBJECT_BYTES_MAX).collect() })
}

/// The key of the blind index: nobody's, made with the vault, and wrapped like everybody's.
fn index_key(people: &People, master: &MasterKeys, rng: &dyn Rng) -> Result<Key, VaultError> {
    let file = |source| VaultError::File { what: "the key of the index", source };
    let no_key = || VaultError::Key { subject: INDEX.to_owned() };
    if let Some(kept) = people.get(INDEX).map_err(file)? {
        let keys = unwrapped(&kept, master, INDEX)?;
        return keys.into_iter().next().map(|(_, key)| key).ok_or_else(no_key);
    }
    let key = Key::drawn(rng);
    let wrapped = Wrapped::wrap(master, rng, INDEX, 1, &key).ok_or_else(no_key)?;
    people.put(&Kept { subject: INDEX.to_owned(), keys: vec![wrapped] }).map_err(file)?;
    Ok(key)
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}
