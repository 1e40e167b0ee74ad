//! The client's side of a sign-in: what it has asked, and whether what comes back answers that.
//!
//! An answer comes through a browser, so it is suspected like a token: it has to be this issuer's
//! (RFC 9207), to this question, with a nonce that nobody else has drawn. An attempt is used up by
//! the answer it gets: neither its state nor its nonce is good a second time.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use ondol_doors::{Clock, Rng};
use serde::Deserialize;

use crate::claims::{Audience, date, some_date};
use crate::compact::{Compact, encode};
use crate::header::{Header, said};
use crate::{KeyRing, TokenType, VerifyError};

/// How far clocks may differ, in seconds.
const LEEWAY_SECONDS: u64 = 60;

/// A sign-in that a client has begun.
pub struct Attempt {
    issuer: String,
    client: String,
    state: String,
    nonce: String,
    verifier: String,
}

/// An attempt whose answer has come: a code, and what it takes to redeem it and to believe what it
/// is redeemed for.
pub struct Answered {
    attempt: Attempt,
    /// To be redeemed.
    pub code: String,
}

/// Who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub subject: String,
    /// Which sign-in.
    pub session: Option<String>,
    /// How strongly he has proved himself.
    pub acr: Option<String>,
    /// When, in seconds since 1970.
    pub auth_time: Option<u64>,
}

/// Why a client aborts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// The answer does not say once who gives it, or it is somebody else.
    #[error("the answer is not this issuer's")]
    Issuer,
    /// The answer is to another question.
    #[error("the answer is to another question")]
    State,
    /// The issuer has said no.
    #[error("the issuer has refused: {error}")]
    Refused {
        /// Its word for why.
        error: String,
    },
    /// There is no code in the answer.
    #[error("the answer holds no code, or two")]
    Code,
    /// The ID token is not believed.
    #[error("the ID token is not believed")]
    Token(#[from] VerifyError),
    /// The ID token is another client's.
    #[error("the ID token is another client's")]
    Client,
    /// The ID token is of another sign-in.
    #[error("the ID token is of another sign-in")]
    Nonce,
    /// The ID token came with another access token.
    #[error("the ID token came with another access token")]
    AccessToken,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(deserialize_with = "date")]
    exp: u64,
    #[serde(deserialize_with = "date")]
    iat: u64,
    #[serde(default, deserialize_with = "said")]
    azp: Option<String>,
    #[serde(default, deserialize_with = "said")]
    nonce: Option<String>,
    #[serde(default, deserialize_with = "said")]
    at_hash: Option<String>,
    #[serde(default, deserialize_with = "said")]
    sid: Option<String>,
    #[serde(default, deserialize_with = "said")]
    acr: Option<String>,
    #[serde(default, deserialize_with = "some_date")]
    auth_time: Option<u64>,
}

impl Attempt {
    /// Begins one: state, nonce and verifier are drawn.
    pub fn begin(issuer: &str, client: &str, rng: &dyn Rng) -> Self {
        let drawn = || {
            let mut bytes = [0; 32];
            rng.fill(&mut bytes);
            encode(bytes)
        };
        let (issuer, client) = (issuer.to_owned(), client.to_owned());
        Self { issuer, client, state: drawn(), nonce: drawn(), verifier: drawn() }
    }

    /// What to ask the authorization endpoint, besides where to return to and for what.
    pub fn question(&self) -> [(&'static str, String); 6] {
        [
            ("response_type", "code".to_owned()),
            ("client_id", self.client.clone()),
            ("state", self.state.clone()),
            ("nonce", self.nonce.clone()),
            ("code_challenge", encode(digest(&SHA256, self.verifier.as_bytes()))),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// Takes the answer that a browser brings.
    ///
    /// # Errors
    /// When it is not the answer to this question, or is no.
    pub fn answered(self, answer: &[(String, String)]) -> Result<Answered, AttemptError> {
        let once = |name: &str| {
            let mut said = answer.iter().filter(|(own, _)| own == name).map(|(_, value)| value);
            said.next().filter(|_| said.next().is_none())
        };
        if once("iss") != Some(&self.issuer) {
            return Err(AttemptError::Issuer);
        }
        let state = once("state").map(String::as_bytes).unwrap_or_default();
        if verify_slices_are_equal(state, self.state.as_bytes()).is_err() {
            return Err(AttemptError::State);
        }
        if let Some(error) = once("error") {
            return Err(AttemptError::Refused { error: error.clone() });
        }
        let code = once("code").filter(|code| !code.is_empty()).ok_or(AttemptError::Code)?;
        Ok(Answered { code: code.clone(), attempt: self })
    }
}

impl Answered {
    /// What the token endpoint is shown besides the code: only who has begun knows it.
    pub fn verifier(&self) -> &str {
        &self.attempt.verifier
    }

    /// Who has signed in, by the ID token that the code was redeemed for.
    ///
    /// # Errors
    /// When the token is not believed, or belongs to anything else than this attempt and the access
    /// token that came with it.
    pub async fn signed_in(
        self,
        keys: &KeyRing,
        clock: &Arc<dyn Clock>,
        id_token: &str,
        access_token: &str,
    ) -> Result<SignedIn, AttemptError> {
        let compact = Compact::read(id_token)?;
        let header = Header::read(&compact.header, false)?;
        if !header.is_of_type(TokenType::Id.name()) {
            return Err(VerifyError::Type.into());
        }
        let key = keys.key(&header.kid.ok_or(VerifyError::UnknownKey)?).await?;
        if header.alg != key.algorithm().name() {
            return Err(VerifyError::Algorithm.into());
        }
        if !key.has_signed(compact.signed, &compact.signature) {
            return Err(VerifyError::Signature.into());
        }
        let claims: Claims =
            serde_json::from_slice(&compact.claims).map_err(|_source| VerifyError::Claims)?;
        let now = clock.now().as_unix_millis() / 1_000;
        self.attempt.check(&claims, now, access_token)?;
        let Claims { sub: subject, sid: session, acr, auth_time, .. } = claims;
        Ok(SignedIn { subject, session, acr, auth_time })
    }
}

impl Attempt {
    fn check(&self, claims: &Claims, now: u64, access_token: &str) -> Result<(), AttemptError> {
        if claims.iss != self.issuer {
            return Err(VerifyError::Issuer.into());
        }
        if !claims.aud.names(&self.client) {
            return Err(VerifyError::Audience.into());
        }
        let is_alone = claims.aud.0.len() == 1;
        if claims.azp.as_ref().map_or(!is_alone, |client| *client != self.client) {
            return Err(AttemptError::Client);
        }
        if claims.sub.is_empty() {
            return Err(VerifyError::Claims.into());
        }
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(VerifyError::Expired.into());
        }
        if claims.iat > now.saturating_add(LEEWAY_SECONDS) {
            return Err(VerifyError::NotYet.into());
        }
        if claims.nonce.as_ref() != Some(&self.nonce) {
            return Err(AttemptError::Nonce);
        }
        let half = encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16]);
        if claims.at_hash.as_ref() != Some(&half) {
            return Err(AttemptError::AccessToken);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { issuer, client, .. } = self;
        f.debug_struct("Attempt")
            .field("issuer", issuer)
            .field("client", client)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answered").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}
