//! The keys of an issuer, read so that a bad set is refused whole: what is half right about keys
//! is wrong, and the set we have is better.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use serde::Deserialize;

use crate::compact::decode_strict;
use crate::ecdsa::Asn1;
use crate::{Algorithm, Jwk};

/// How many keys a set may have.
pub const KEYS_MAX: usize = 32;
/// How many bytes a published set may have.
pub const SET_BYTES_MAX: usize = 64 * 1024;
/// How long the name of a key may be.
const KID_BYTES_MAX: usize = 128;
/// RSA below 2048 bits is not what we trust money to; above 8192 it is an attack on our time.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Anything longer than the usual 65537 and its kin is an attack on our time.
const EXPONENT_BYTES_MAX: usize = 4;

/// A key that verifies, with the one algorithm it is for.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: Arc<ParsedPublicKey>,
}

/// The keys of an issuer by name.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: HashMap<String, VerifyingKey>,
}

/// Why a set of keys was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It is longer than sets are.
    #[error("the key set has {found} bytes, at most {SET_BYTES_MAX} are read")]
    TooLong {
        /// How many it has.
        found: usize,
    },
    /// It is not JSON of the right shape.
    #[error("the key set is not a JSON Web Key Set")]
    Malformed(#[source] serde_json::Error),
    /// It has more keys than sets have.
    #[error("the key set has {found} keys, at most {KEYS_MAX} are read")]
    TooMany {
        /// How many it has.
        found: usize,
    },
    /// Nothing in it can verify a token.
    #[error("the key set has no key that signs")]
    Empty,
    /// Two keys have one name.
    #[error("two keys of the set are named {kid:?}")]
    NamedTwice {
        /// The name.
        kid: String,
    },
    /// One of the keys is not what it has to be.
    #[error("the key {kid:?} of the set {rule}")]
    Key {
        /// The key's name.
        kid: String,
        /// Which rule it breaks.
        rule: &'static str,
    },
}

impl KeySetError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "auth-key-set"
    }
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Jwk>,
}

impl VerifyingKey {
    /// Reads one published key.
    ///
    /// # Errors
    /// With the rule that it breaks.
    pub fn read(key: &Jwk) -> Result<Self, &'static str> {
        if key.d.is_some() || key.k.is_some() || key.kty == "oct" {
            return Err("has a secret in it");
        }
        if key.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err("is not for signatures");
        }
        if key.key_ops.as_ref().is_some_and(|ops| ops.len() != 1 || ops[0] != "verify") {
            return Err("is not there to verify, and that only");
        }
        let algorithm = algorithm_of(key)?;
        if key.alg.as_deref().is_some_and(|said| said != algorithm.name()) {
            return Err("names an algorithm that does not fit it");
        }
        let parsed = match algorithm {
            Algorithm::Es256 => point(key),
            Algorithm::EdDsa => {
                let x = coordinate(key.x.as_deref())?;
                algorithm.curve_key(&x).ok_or("is not a point of its curve")
            }
            Algorithm::Ps256 | Algorithm::Rs256 => rsa(algorithm, key),
        };
        parsed.map(|parsed| Self { algorithm, key: Arc::new(parsed) })
    }

    /// The one algorithm it is for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the key has signed this.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signed = |signature: &[u8]| self.key.verify_sig(message, signature).is_ok();
        match self.algorithm {
            Algorithm::Es256 => Asn1::of(signature).is_some_and(|asn1| signed(asn1.as_bytes())),
            _ => signed(signature),
        }
    }
}

/// The algorithm a key is for: what it says, or the only one its kind has.
fn algorithm_of(key: &Jwk) -> Result<Algorithm, &'static str> {
    match (key.kty.as_str(), key.crv.as_deref(), key.alg.as_deref()) {
        ("EC", Some("P-256"), _) => Ok(Algorithm::Es256),
        ("OKP", Some("Ed25519"), _) => Ok(Algorithm::EdDsa),
        ("RSA", _, Some("PS256")) => Ok(Algorithm::Ps256),
        ("RSA", _, Some("RS256")) => Ok(Algorithm::Rs256),
        ("RSA", _, None) => Err("does not say which algorithm of RSA it is for"),
        _ => Err("is of a kind that is not used here"),
    }
}

fn coordinate(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let bytes = text.and_then(|text| decode_strict(text).ok());
    bytes.filter(|bytes| bytes.len() == 32).ok_or("has a coordinate that is not 32 bytes")
}

fn point(key: &Jwk) -> Result<ParsedPublicKey, &'static str> {
    let mut bytes = vec![4];
    bytes.extend(coordinate(key.x.as_deref())?);
    bytes.extend(coordinate(key.y.as_deref())?);
    Algorithm::Es256.curve_key(&bytes).ok_or("is not a point of its curve")
}

fn rsa(algorithm: Algorithm, key: &Jwk) -> Result<ParsedPublicKey, &'static str> {
    let number = |text: Option<&str>| text.and_then(|text| decode_strict(text).ok());
    let (Some(n), Some(e)) = (number(key.n.as_deref()), number(key.e.as_deref())) else {
        return Err("lacks its modulus or its exponent");
    };
    if !MODULUS_BYTES.contains(&n.len()) || n[0] == 0 || n.len() == 256 && n[0] < 0x80 {
        return Err("is not of 2048 to 8192 bits");
    }
    let value = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    if e.len() > EXPONENT_BYTES_MAX || value < 65_537 || value % 2 == 0 {
        return Err("has an exponent that is even, below 65537, or too long");
    }
    algorithm.rsa_key(&n, &e).ok_or("is no key of RSA")
}

impl KeySet {
    /// Reads a published set.
    ///
    /// # Errors
    /// When anything about it is wrong; keys of kinds that we do not use are passed over.
    pub fn read(bytes: &[u8]) -> Result<Self, KeySetError> {
        if bytes.len() > SET_BYTES_MAX {
            return Err(KeySetError::TooLong { found: bytes.len() });
        }
        let published: Published = serde_json::from_slice(bytes).map_err(KeySetError::Malformed)?;
        if published.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany { found: published.keys.len() });
        }
        let mut keys = HashMap::new();
        for key in &published.keys {
            let kid = key.kid.clone().unwrap_or_default();
            let wrong = |rule| KeySetError::Key { kid: kid.clone(), rule };
            if kid.is_empty() || kid.len() > KID_BYTES_MAX {
                return Err(wrong("has no name, or one that is too long"));
            }
            if !is_known_kind(key) {
                continue;
            }
            let read = VerifyingKey::read(key).map_err(wrong)?;
            if keys.insert(kid.clone(), read).is_some() {
                return Err(KeySetError::NamedTwice { kid });
            }
        }
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self { keys }) }
    }

    /// The key of this name.
    pub fn key(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.get(kid)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Kinds and curves that may stand in a set without meaning anything to us.
fn is_known_kind(key: &Jwk) -> bool {
    match key.kty.as_str() {
        "EC" => key.crv.as_deref() == Some("P-256"),
        "OKP" => key.crv.as_deref() == Some("Ed25519"),
        "RSA" | "oct" => true,
        _ => false,
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
