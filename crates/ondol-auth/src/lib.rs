//! Who asks: tokens verified and issued, principals, scopes and roles.
//!
//! Services do not trust the network: the gateway verifies a token, and so does the service behind
//! it, with the same [`Verifier`]. A token is a claim somebody makes about himself, so everything
//! in it is suspected until the signature has been checked with a key that *we* chose: the
//! algorithm is a property of the key and never read from the token, and no address in a token is
//! ever followed (RFC 8725).
//!
//! - [`Verifier`]: a token in, a [`Principal`] out, at most once per token thanks to a bounded
//!   cache that outlives neither the token nor the keys.
//! - [`KeyRing`]: the issuer's keys, fetched through a [`KeySource`], rotated without a gap.
//! - [`SigningKeys`]: keys that sign, published before they are used and after they are retired.
//! - [`Proofs`]: tokens bound to a key of their holder (DPoP) or to a certificate.
//! - [`Attempt`]: the client's side of a sign-in.
//! - [`ServiceTokens`]: the token a service shows when it asks another one.
//! - With the feature `feed`: [`TakenBack`], what an issuer tells of tokens that it takes back, and the
//!   listener that hears it.
//! - With the feature `axum`: `Caller`, `Required<Role>` and the layer that puts them there.
//!
//! Limits: a token has at most [`TOKEN_BYTES_MAX`] bytes, a key set [`KEYS_MAX`] keys.

mod algorithm;
mod attempt;
#[cfg(feature = "axum")]
mod axum;
mod bearer;
mod claims;
mod compact;
mod header;
mod jwk;
mod key_set;
mod known;
mod principal;
mod proof;
mod revocation;
mod ring;
mod service_tokens;
mod signing;
#[cfg(feature = "feed")]
mod taken_back;
mod verifier;

pub use algorithm::Algorithm;
pub use attempt::{Answered, Attempt, AttemptError, SignedIn};
pub use bearer::{BearerError, bearer};
pub use claims::{AccessClaims, Audience, Confirmation};
pub use compact::{NotStrict, TOKEN_BYTES_MAX, decode_strict, encode};
pub use jwk::{Jwk, thumbprint};
pub use key_set::{KEYS_MAX, KeySet, KeySetError, SET_BYTES_MAX, VerifyingKey};
pub use principal::{Drawn, Principal, Role, Scope};
pub use proof::{ProofAsked, ProofError, ProofOptions, Proofs};
pub use revocation::{REVOCATIONS_MAX, Revocations};
pub use ring::{FetchError, KeyRing, KeyRingOptions, KeySource};
pub use service_tokens::{Granted, ServiceTokens, TokenDoor, TokenDoorError};
pub use signing::{KeyTimes, SigningError, SigningKey, SigningKeyBytes, SigningKeys, TokenType};
pub use verifier::{CACHED_TOKENS_MAX, Verifier, VerifierOptions, VerifyError, claimed_issuer};

#[cfg(feature = "feed")]
pub use taken_back::{Listener, TakenBack};

#[cfg(feature = "axum")]
pub use self::axum::{
    AuthProblem, Caller, Guard, Recent, Required, RoleName, ScopeName, Scoped, StepUp,
    verify_caller,
};
