//! Keys that sign, and when: published before they are used, so that whoever verifies knows them
//! in time, and published after they have retired, until the last token they signed has ended.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, Signature,
};
use ondol_kernel::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::compact::{Compact, encode};
use crate::{Algorithm, Jwk, VerifyingKey, thumbprint};

/// What kind of token is signed: a token of one kind is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// `at+jwt`: shown to a service.
    Access,
    /// `JWT`: tells a client who has signed in.
    Id,
    /// `logout+jwt`: tells a client who has signed out.
    Logout,
    /// `dpop+jwt`: proves a key.
    Proof,
    /// `client-authentication+jwt`: proves a client.
    Client,
}

impl TokenType {
    /// As it stands in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Logout => "logout+jwt",
            Self::Proof => "dpop+jwt",
            Self::Client => "client-authentication+jwt",
        }
    }
}

/// The secret half of a key, as it is kept: PKCS #8. Wiped when it is dropped, never printed.
#[derive(Clone)]
pub struct SigningKeyBytes(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for SigningKeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeyBytes(redacted)")
    }
}

/// A key that signs, with the one algorithm it is for. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    public: Arc<Jwk>,
    random: SystemRandom,
}

/// Both halves.
enum Pair {
    /// On P-256.
    Es256(EcdsaKeyPair),
    /// On Ed25519.
    EdDsa(Ed25519KeyPair),
}

/// Why a token or a key could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The bytes are not a key.
    #[error("the signing key is not PKCS #8 of a key on P-256 or Ed25519")]
    NotAKey,
    /// Keys of RSA verify here and sign nothing.
    #[error("nothing is signed with {}", .0.name())]
    NotSigning(Algorithm),
    /// The provider could not make or use a key.
    #[error("the provider of keys has failed")]
    Provider,
    /// The claims cannot be written.
    #[error("the claims cannot be written")]
    Claims(#[source] serde_json::Error),
    /// No key is there to sign at this moment.
    #[error("no key signs at this moment")]
    NoneActive,
}

impl SigningError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "auth-signing"
    }
}

impl SigningKey {
    /// Makes a new key for ES256, and the bytes by which it is kept.
    ///
    /// # Errors
    /// When the provider of keys fails.
    pub fn generate() -> Result<(Self, SigningKeyBytes), SigningError> {
        Self::generate_for(Algorithm::Es256)
    }

    /// Makes a new key for an algorithm, and the bytes by which it is kept.
    ///
    /// # Errors
    /// When the provider of keys fails, or nothing is signed with this algorithm.
    pub fn generate_for(algorithm: Algorithm) -> Result<(Self, SigningKeyBytes), SigningError> {
        let random = SystemRandom::new();
        let made = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::Ps256 | Algorithm::Rs256 => return Err(SigningError::NotSigning(algorithm)),
        };
        let made = made.map_err(|_unspecified| SigningError::Provider)?;
        let bytes = SigningKeyBytes(Zeroizing::new(made.as_ref().to_vec()));
        Ok((Self::read(&bytes)?, bytes))
    }

    /// The key that was kept by these bytes.
    ///
    /// # Errors
    /// When they are no such key.
    pub fn read(bytes: &SigningKeyBytes) -> Result<Self, SigningError> {
        let (pair, mut public) = pair(&bytes.0).ok_or(SigningError::NotAKey)?;
        public.purpose = Some("sig".to_owned());
        public.kid = Some(thumbprint(&public));
        Ok(Self { pair: Arc::new(pair), public: Arc::new(public), random: SystemRandom::new() })
    }

    /// The half that is published.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// The one algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        match *self.pair {
            Pair::Es256(_) => Algorithm::Es256,
            Pair::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// The key's name: its thumbprint.
    pub fn kid(&self) -> &str {
        self.public.kid.as_deref().unwrap_or_default()
    }

    /// Signs a token.
    ///
    /// # Errors
    /// When the claims cannot be written or the provider fails.
    pub fn sign(&self, kind: TokenType, claims: &impl Serialize) -> Result<String, SigningError> {
        let (typ, alg) = (kind.name(), self.algorithm().name());
        let header = Header { typ, alg, kid: Some(self.kid()), jwk: None };
        self.sign_under(&header, claims)
    }

    /// Signs a token that brings its key along, as proofs do.
    ///
    /// # Errors
    /// When the claims cannot be written or the provider fails.
    pub fn sign_with_key(
        &self,
        kind: TokenType,
        claims: &impl Serialize,
    ) -> Result<String, SigningError> {
        let bare = Jwk { kid: None, alg: None, purpose: None, ..self.public().clone() };
        let (typ, alg) = (kind.name(), self.algorithm().name());
        let header = Header { typ, alg, kid: None, jwk: Some(&bare) };
        self.sign_under(&header, claims)
    }

    fn sign_under(
        &self,
        header: &Header<'_>,
        claims: &impl Serialize,
    ) -> Result<String, SigningError> {
        let header = serde_json::to_vec(header).map_err(SigningError::Claims)?;
        let claims = serde_json::to_vec(claims).map_err(SigningError::Claims)?;
        let mut token = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(&self.random, token.as_bytes())?;
        token.push('.');
        token.push_str(&encode(signature));
        Ok(token)
    }
}

impl Pair {
    fn sign(&self, random: &SystemRandom, message: &[u8]) -> Result<Signature, SigningError> {
        match self {
            Self::Es256(pair) => {
                pair.sign(random, message).map_err(|_unspecified| SigningError::Provider)
            }
            Self::EdDsa(pair) => Ok(pair.sign(message)),
        }
    }
}

/// Both halves, and the one that is published, of whichever kind these bytes are.
fn pair(bytes: &[u8]) -> Option<(Pair, Jwk)> {
    let of = |algorithm: Algorithm, kty: &str, crv: &str| Jwk {
        kty: kty.to_owned(),
        alg: Some(algorithm.name().to_owned()),
        crv: Some(crv.to_owned()),
        ..Jwk::default()
    };
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8(bytes) {
        let x = Some(encode(pair.public_key().as_ref()));
        return Some((Pair::EdDsa(pair), Jwk { x, ..of(Algorithm::EdDsa, "OKP", "Ed25519") }));
    }
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).ok()?;
    let point = pair.public_key().as_ref();
    let (x, y) = match point.split_first() {
        Some((4, rest)) if rest.len() == 64 => rest.split_at(32),
        _ => return None,
    };
    let (x, y) = (Some(encode(x)), Some(encode(y)));
    Some((Pair::Es256(pair), Jwk { x, y, ..of(Algorithm::Es256, "EC", "P-256") }))
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a Jwk>,
}

/// From when until when a key is what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTimes {
    /// It signs from here on.
    pub signs_from: Timestamp,
    /// It signs no longer from here on.
    pub signs_until: Timestamp,
    /// It is no longer published from here on.
    pub published_until: Timestamp,
}

/// Keys that sign, each in its time.
#[derive(Debug, Clone, Default)]
pub struct SigningKeys {
    keys: Vec<(SigningKey, KeyTimes)>,
}

impl SigningKeys {
    /// One more key, published from now on.
    pub fn add(&mut self, key: SigningKey, times: KeyTimes) {
        self.keys.push((key, times));
    }

    /// Forgets the keys that are no longer published.
    pub fn retire(&mut self, now: Timestamp) {
        self.keys.retain(|(_, times)| now < times.published_until);
    }

    /// The key that signs now by this algorithm: of several, the one that began last.
    ///
    /// # Errors
    /// When none does.
    pub fn active(
        &self,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<&SigningKey, SigningError> {
        let signs = |times: &KeyTimes| times.signs_from <= now && now < times.signs_until;
        let own = self.keys.iter().filter(|(key, _)| key.algorithm() == algorithm);
        let active = own.filter(|(_, times)| signs(times));
        let active = active.max_by_key(|(_, times)| times.signs_from);
        active.map(|(key, _)| key).ok_or(SigningError::NoneActive)
    }

    /// The claims of a token of this type that one of these keys has signed, whenever it ends: a
    /// client hands back what it was given. Nothing in it is checked but the signature.
    pub fn read_own(&self, kind: TokenType, token: &str) -> Option<Vec<u8>> {
        let compact = Compact::read(token).ok()?;
        let header = crate::header::Header::read(&compact.header, false).ok()?;
        let kid = header.kid.as_deref()?;
        let (key, _) = self.keys.iter().find(|(key, _)| key.kid() == kid)?;
        let verifying = VerifyingKey::read(key.public()).ok()?;
        let fits = header.is_of_type(kind.name()) && header.alg == verifying.algorithm().name();
        let signed = fits && verifying.has_signed(compact.signed, &compact.signature);
        signed.then_some(compact.claims)
    }

    /// The set to publish: keys that will sign, that sign, and that have signed what still lives.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn published(&self, now: Timestamp) -> Result<Vec<u8>, SigningError> {
        #[derive(Serialize)]
        struct Set<'a> {
            keys: Vec<&'a Jwk>,
        }
        let keys = self.keys.iter().filter(|(_, times)| now < times.published_until);
        let set = Set { keys: keys.map(|(key, _)| key.public()).collect() };
        serde_json::to_vec(&set).map_err(SigningError::Claims)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}
