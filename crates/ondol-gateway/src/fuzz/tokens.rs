//! Tokens on their way from a header to a principal, and from there to the headers that tell of him.
//!
//! An input is either the header and the claims of a token, a line each, which is signed with the right
//! key (so that what stands in it matters and not the signature), and a number of a byte of the token to
//! change; or it is the headers of a request as somebody without the key may send them.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use http::{HeaderMap, HeaderName, HeaderValue};
use ondol_auth::{
    FetchError, KeyRing, KeyRingOptions, KeySource, Principal, Revocations, SigningKey, Verifier,
    VerifierOptions, claimed_issuer, encode,
};
use ondol_doors::{Clock, ManualClock};
use ondol_kernel::Timestamp;
use serde_json::{Value, json};

use super::run;
use crate::config::AuthOptions;
use crate::who::{Accepted, Shown, Tell};

const ISSUER: &str = "http://id.test";
/// 2026-01-01.
const NOW: u64 = 1_767_225_600;

/// Nobody is ever asked for keys.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl KeySource for Nobody {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        unreachable!("whoever verifies with the keys at hand asks nobody")
    }
}

struct Bench {
    pair: EcdsaKeyPair,
    kid: String,
    verifier: Verifier,
    accepted: Accepted,
    tell: Tell,
}

impl Bench {
    fn new() -> Self {
        let (key, bytes) = SigningKey::generate().expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes.0);
        let micros = i64::try_from(NOW).expect("it fits") * 1_000_000;
        let now = Timestamp::from_micros(micros).expect("a moment");
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        let ring = KeyRing::new(Arc::new(Nobody), Arc::clone(&clock), KeyRingOptions::default());
        let set = json!({ "keys": [key.public()] }).to_string();
        ring.put(set.into_bytes()).expect("a set");
        let mut options = VerifierOptions::new(ISSUER, "bank");
        options.claims = vec!["channel".to_owned()];
        let accepted = Accepted {
            tokens: true,
            cookies: vec!["at".to_owned()],
            key: Some(HeaderName::from_static("x-api-key")),
        };
        Self {
            pair: pair.expect("a key"),
            kid: key.kid().to_owned(),
            verifier: Verifier::new(options, ring, Revocations::default(), clock),
            accepted,
            tell: Tell::new(&AuthOptions::default()),
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let header = header.replace("KID", &self.kid);
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let random = SystemRandom::new();
        let signature = self.pair.sign(&random, signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    /// A token that the right key has signed, whatever stands in it.
    fn signed(&self, header: &str, claims: &str, change: Option<&str>) -> String {
        let token = self.sign(header, claims);
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("letters");
        headers.insert("authorization", value);
        let shown = Shown::look(&self.accepted, &headers).expect("one token");
        assert_eq!(shown, Shown::Token { token: &token, with_proof: false, in_cookie: false });
        if let Some(at) = change.and_then(|at| at.trim().parse::<usize>().ok()) {
            self.changed(&token, at);
        }
        match self.verifier.verify_now(&token) {
            Err(error) => error.to_string(),
            Ok(principal) => {
                assert_right(&header.replace("KID", &self.kid), claims, &principal);
                assert_eq!(claimed_issuer(&token).as_deref(), Some(ISSUER));
                self.told(&principal)
            }
        }
    }

    /// A token with one letter changed is another token, and nobody has signed that.
    fn changed(&self, token: &str, at: usize) {
        let mut bytes = token.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(bytes).expect("letters");
        assert!(self.verifier.verify_now(&other).is_err(), "{token} changed at {at}");
    }

    fn told(&self, principal: &Principal) -> String {
        let mut headers = HeaderMap::new();
        match self.tell.tell(principal, &mut headers) {
            Err(_refusal) => "cannot be told".to_owned(),
            Ok(()) => {
                let roles = headers.get("x-user-roles").map(HeaderValue::as_bytes);
                let words = roles.map(|it| it.split(|byte| *byte == b' ').count());
                assert_eq!(words.unwrap_or(0), principal.roles.len(), "another number of roles");
                format!("told {} {}", headers.len(), principal.claims.len())
            }
        }
    }

    /// What somebody sends who has no key.
    fn sent(&self, lines: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines.split(|byte| *byte == b'\n').take(16) {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
            let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        let said = headers.get_all("authorization").iter().count();
        match Shown::look(&self.accepted, &headers) {
            Err(refusal) => format!("{refusal:?}").chars().take(24).collect(),
            Ok(Shown::Nothing) => "nothing".to_owned(),
            Ok(Shown::Key(_)) => {
                assert!(said <= 1, "two Authorization headers");
                "a key".to_owned()
            }
            Ok(Shown::Token { token, with_proof, in_cookie }) => {
                assert!(said <= 1 && !token.is_empty(), "{token:?}");
                assert!(!(in_cookie && with_proof), "a cookie proves nothing");
                let error = self.verifier.verify_now(token).expect_err("nobody has signed it");
                format!("{in_cookie} {with_proof} {error}")
            }
        }
    }
}

/// What is believed is right, as far as it can be told without our own code.
fn assert_right(header: &str, claims: &str, principal: &Principal) {
    let header: Value = serde_json::from_str(header).expect("a header");
    let claims: Value = serde_json::from_str(claims).expect("claims");
    let typ = header["typ"].as_str().unwrap_or_default().to_ascii_lowercase();
    assert!(typ == "at+jwt" || typ == "application/at+jwt", "{header}");
    assert_eq!(header["alg"], "ES256");
    for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"] {
        assert!(header.get(name).is_none(), "{header}");
    }
    assert_eq!(claims["iss"], ISSUER);
    let aud = &claims["aud"];
    let ours = aud == "bank" || aud.as_array().is_some_and(|all| all.contains(&json!("bank")));
    assert!(ours, "{claims}");
    let date = |name: &str| claims[name].as_u64();
    assert!(date("exp").is_some_and(|exp| exp + 60 > NOW), "{claims}");
    assert!(date("iat").is_some_and(|iat| iat <= NOW + 60), "{claims}");
    assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_u64().is_some_and(|it| it <= NOW + 60)));
    assert_eq!(claims["sub"], principal.subject.as_str());
    assert!(!principal.subject.is_empty() && !principal.token.is_empty());
}

#[test]
fn fuzz_tokens() {
    let words = [
        "\"exp\":",
        "\"iat\":",
        "\"nbf\":",
        "\"aud\":",
        "\"typ\":\"at+jwt\"",
        "\"alg\":\"none\"",
        "\"jku\":\"http://evil.test\"",
        "\"crit\":[]",
        "\"kid\":\"KID\"",
        "\"cnf\":{\"jkt\":\"x\"}",
        "\"roles\":[\"a b\"]",
        "null",
        "-1",
        "1e400",
        "1767225900",
        "[",
        "{",
        "\\u0000",
        "\n",
        "Authorization: Bearer ",
        "Authorization: DPoP ",
        "Cookie: at=",
        "X-API-Key: ",
        "; at=",
        ".",
        "=",
        " ",
    ];
    let bench = Bench::new();
    run("tokens", &words, |input| {
        if input.first() != Some(&b'{') {
            return bench.sent(input);
        }
        let text = String::from_utf8_lossy(input);
        let mut lines = text.splitn(3, '\n');
        let (header, claims) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        bench.signed(header, claims, lines.next())
    });
}
