//! Tokens bound to their holder: a key that is proved with every request (DPoP, RFC 9449), or a
//! client's certificate (RFC 8705). A bound token without its proof is nobody's.

mod seen;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_doors::Clock;
use serde::Deserialize;

use crate::compact::{Compact, encode};
use crate::header::Header;
use crate::{Jwk, Principal, VerifyError, VerifyingKey, thumbprint};

use seen::{Seen, Shown};

/// How proofs are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofOptions {
    /// How old a proof may be, or how far ahead its maker's clock.
    pub age_seconds_max: u64,
    /// How many proofs are remembered, so that none is shown twice. When so many are, a new one
    /// is refused.
    pub remembered_max: usize,
}

impl Default for ProofOptions {
    fn default() -> Self {
        Self { age_seconds_max: 60, remembered_max: 100_000 }
    }
}

/// The request a proof has to speak of.
#[derive(Debug, Clone, Copy)]
pub struct ProofAsked<'a> {
    /// The method, to the letter.
    pub method: &'a str,
    /// The address, without what stands after the question mark.
    pub address: &'a str,
    /// The token that is shown with it.
    pub token: &'a str,
}

/// Why a proof is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The token asks for a proof, and there is none.
    #[error("the token is bound to a key, and the request does not prove it")]
    Missing,
    /// The proof is not one.
    #[error("the proof is malformed")]
    Malformed(#[source] VerifyError),
    /// It speaks of another request or token.
    #[error("the proof is for another {what}")]
    Other {
        /// What differs.
        what: &'static str,
    },
    /// It is too old, or of the future.
    #[error("the proof is not of now")]
    Age,
    /// It was shown before.
    #[error("the proof was shown before")]
    Replayed,
    /// So many proofs are remembered that a new one cannot be.
    #[error("too many proofs at once")]
    Full,
}

impl ProofError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "auth-proof-invalid"
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: u64,
    ath: String,
}

/// Judges proofs and remembers them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Proofs {
    options: ProofOptions,
    clock: Arc<dyn Clock>,
    seen: Arc<Seen>,
}

impl Proofs {
    /// A place where proofs are judged.
    pub fn new(options: ProofOptions, clock: Arc<dyn Clock>) -> Self {
        let kept = Duration::from_secs(options.age_seconds_max.saturating_mul(2) + 1);
        let seen = Arc::new(Seen::for_at_least(kept, options.remembered_max));
        Self { options, clock, seen }
    }

    /// Holds a request against what its token is bound to.
    ///
    /// # Errors
    /// When the token is bound to something that the request does not prove.
    pub fn check(
        &self,
        principal: &Principal,
        proof: Option<&str>,
        certificate: Option<&[u8]>,
        asked: ProofAsked<'_>,
    ) -> Result<(), ProofError> {
        let Some(bound) = &principal.bound else { return Ok(()) };
        if let Some(expected) = &bound.certificate {
            let shown = certificate.map(|der| encode(digest(&SHA256, der)));
            if shown.as_ref() != Some(expected) {
                return Err(ProofError::Other { what: "certificate" });
            }
        }
        match &bound.jkt {
            Some(key) => self.check_key(key, proof.ok_or(ProofError::Missing)?, asked),
            None if bound.certificate.is_none() => Err(ProofError::Missing),
            None => Ok(()),
        }
    }

    fn check_key(&self, key: &str, proof: &str, asked: ProofAsked<'_>) -> Result<(), ProofError> {
        let (claims, print) = signed_by_itself(proof).map_err(ProofError::Malformed)?;
        let expected = encode(digest(&SHA256, asked.token.as_bytes()));
        let told = [
            (print == key, "key"),
            (claims.htm == asked.method, "method"),
            (claims.htu == asked.address, "address"),
            (claims.ath == expected, "token"),
        ];
        if let Some((_, what)) = told.into_iter().find(|(fits, _)| !fits) {
            return Err(ProofError::Other { what });
        }
        let now = self.clock.now().as_unix_millis() / 1_000;
        if claims.iat.abs_diff(now) > self.options.age_seconds_max {
            return Err(ProofError::Age);
        }
        if claims.jti.is_empty() || claims.jti.len() > 128 {
            return Err(ProofError::Malformed(VerifyError::Claims));
        }
        match self.seen.show(format!("{print}.{}", claims.jti), self.clock.running()) {
            Shown::First => Ok(()),
            Shown::Again => Err(ProofError::Replayed),
            Shown::NoRoom => Err(ProofError::Full),
        }
    }
}

/// What a proof says, and the thumbprint of the key it brings along and is signed with.
fn signed_by_itself(proof: &str) -> Result<(Claims, String), VerifyError> {
    let compact = Compact::read(proof)?;
    let header = Header::read(&compact.header, true)?;
    if !header.is_of_type("dpop+jwt") {
        return Err(VerifyError::Type);
    }
    let key = header.jwk.ok_or(VerifyError::UnknownKey)?;
    let key: Jwk = serde_json::from_value(key).map_err(|_no_key| VerifyError::UnknownKey)?;
    let verifying = VerifyingKey::read(&key).map_err(|_rule| VerifyError::UnknownKey)?;
    if verifying.algorithm().name() != header.alg {
        return Err(VerifyError::Algorithm);
    }
    if !verifying.has_signed(compact.signed, &compact.signature) {
        return Err(VerifyError::Signature);
    }
    let claims = serde_json::from_slice(&compact.claims).map_err(|_source| VerifyError::Claims)?;
    Ok((claims, thumbprint(&key)))
}
