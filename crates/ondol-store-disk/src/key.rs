//! Fingerprints: what streams, tags and commands are found by.
//!
//! A fingerprint is 128 bits of a keyed hash. The key is the log's own and secret, so nobody
//! outside can choose names that meet. Two of a hundred million names share the 87 bits that
//! are compared with a probability below 2⁻³⁴; what is found by a fingerprint is read and
//! compared by name before it is served.

use std::hash::{BuildHasherDefault, Hasher};

use ondol_kernel::CommandId;
use siphasher::sip128::{Hash128, SipHasher13};

/// What something is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint {
    pub(crate) high: u64,
    pub(crate) low: u64,
}

/// The 96 bits of a fingerprint that the index keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Key {
    pub(crate) high: u64,
    pub(crate) low: u32,
}

/// Hashes keys for tables in memory: they are secret hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsItIs(u64);

/// Builds hashers for keys.
pub(crate) type ByKey = BuildHasherDefault<AsItIs>;

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn write_u32(&mut self, _: u32) {
        // The first 64 bits of a key tell enough apart.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Makes the fingerprints of one log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprints {
    streams: SipHasher13,
    tags: SipHasher13,
    commands: SipHasher13,
}

impl Fingerprints {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        let hasher = |kind: u8| {
            let mut key = *key;
            key[0] ^= kind;
            SipHasher13::new_with_key(&key)
        };
        Self { streams: hasher(1), tags: hasher(2), commands: hasher(3) }
    }

    pub(crate) fn stream(&self, name: &[u8]) -> Fingerprint {
        self.streams.hash(name).into()
    }

    pub(crate) fn tag(&self, tag: &[u8]) -> Key {
        Fingerprint::from(self.tags.hash(tag)).key()
    }

    pub(crate) fn command(&self, command: CommandId) -> Key {
        Fingerprint::from(self.commands.hash(&command.into_bytes())).key()
    }
}

impl Fingerprint {
    pub(crate) const fn key(self) -> Key {
        Key { high: self.high, low: (self.low >> 32) as u32 }
    }
}

impl From<Hash128> for Fingerprint {
    fn from(hash: Hash128) -> Self {
        Self { high: hash.h1, low: hash.h2 }
    }
}
