//! A workshop: an issuer, a verifier that believes it, and every tool of a forger.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use ondol_auth::{
    KeyRing, KeyRingOptions, Revocations, SigningKey, TokenType, Verifier, VerifierOptions,
    VerifyError, encode,
};
use ondol_doors::{Clock, ManualClock};
use ondol_kernel::Timestamp;
use serde_json::{Value, json};

use crate::source::Issuer;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "https://bank.example";
/// 2026-01-01.
pub(crate) const NOW: u64 = 1_767_225_600;

pub(crate) struct Workshop {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) key: SigningKey,
    pair: EcdsaKeyPair,
    pub(crate) rsa: RsaKeyPair,
    pub(crate) verifier: Verifier,
    pub(crate) revoked: Revocations,
}

pub(crate) fn set_of(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

pub(crate) fn published(key: &SigningKey) -> Value {
    serde_json::to_value(key.public()).expect("a key can be written")
}

pub(crate) fn published_rsa(pair: &RsaKeyPair, kid: &str, alg: &str) -> Value {
    // DER of a key of 2048 bits: nine bytes of lengths, the modulus, two of lengths, 65537.
    let der = pair.public_key().as_ref();
    let (n, e) = (encode(&der[9..265]), encode(&der[267..]));
    json!({ "kty": "RSA", "kid": kid, "alg": alg, "use": "sig", "n": n, "e": e })
}

pub(crate) fn manual_clock() -> Arc<ManualClock> {
    let micros = i64::try_from(NOW).expect("it fits") * 1_000_000;
    Arc::new(ManualClock::at(Timestamp::from_micros(micros).expect("a date")))
}

impl Workshop {
    pub(crate) fn open() -> Self {
        let clock = manual_clock();
        let (key, bytes) = SigningKey::generate().expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes.0);
        let pair = pair.expect("a key");
        let rsa = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
        let set = set_of(&[
            published(&key),
            published_rsa(&rsa, "ps", "PS256"),
            published_rsa(&rsa, "rs", "RS256"),
        ]);
        let issuer = Issuer::publishing(set.clone());
        let door: Arc<dyn Clock> = clock.clone();
        let ring = KeyRing::new(issuer.clone(), Arc::clone(&door), KeyRingOptions::default());
        ring.put(set).expect("a set");
        let revoked = Revocations::default();
        let options = VerifierOptions::new(ISSUER, AUDIENCE);
        let verifier = Verifier::new(options, ring, revoked.clone(), door);
        Self { clock, issuer, key, pair, rsa, verifier, revoked }
    }

    /// The claims of a token that is believed.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": ISSUER, "sub": "kim", "aud": AUDIENCE, "client_id": "web", "jti": "t1",
            "iat": NOW, "exp": NOW + 300, "scope": "openid accounts", "roles": ["user"],
            "sid": "s1", "acr": "1fa", "amr": ["pwd"], "auth_time": NOW - 10,
        })
    }

    pub(crate) fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.signed(&claims)
    }

    pub(crate) fn without(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().expect("an object").remove(name);
        self.signed(&claims)
    }

    pub(crate) fn signed(&self, claims: &Value) -> String {
        self.key.sign(TokenType::Access, claims).expect("it can be signed")
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.key.kid() })
    }

    /// Signed rightly, under any header at all and with claims that need not even be JSON.
    pub(crate) fn signed_raw(&self, header: &str, claims: &str) -> String {
        self.signed_by(header, claims, |signed| self.es256(signed))
    }

    pub(crate) fn signed_by(
        &self,
        header: &str,
        claims: &str,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    pub(crate) fn es256(&self, signed: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), signed).expect("it signs");
        signature.as_ref().to_vec()
    }

    pub(crate) fn rs256(&self, signed: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature).expect("it signs");
        signature
    }

    pub(crate) fn ps256(&self, signed: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa.sign(&RSA_PSS_SHA256, &random, signed, &mut signature).expect("it signs");
        signature
    }

    pub(crate) async fn refused(&self, row: &str, token: &str) -> VerifyError {
        let verified = self.verifier.verify(token).await;
        verified.expect_err(&format!("{row}: it is not to be believed"))
    }

    pub(crate) async fn believed(&self, row: &str, token: &str) {
        let verified = self.verifier.verify(token).await;
        assert!(verified.is_ok(), "{row}: it was not believed: {:?}", verified.err());
    }
}
