//! A house with an issuer, a bank behind a gateway, and every tool of a forger.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use ondol_auth::{SigningKey, TokenType, encode};
use ondol_doors::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::rig::{Reply, Rig, Upstream};

pub(crate) const ISSUER: &str = "http://id.test";
pub(crate) const AUDIENCE: &str = "bank";

/// Now, in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemClock::start().now().as_unix_millis() / 1_000
}

/// An issuer that publishes its keys, can be silent, and counts nothing: its [`Upstream`] remembers.
pub(crate) struct Issuer {
    pub(crate) key: SigningKey,
    pair: EcdsaKeyPair,
    pub(crate) rsa: RsaKeyPair,
    pub(crate) upstream: Upstream,
    set: Arc<Mutex<String>>,
    silent: Arc<AtomicBool>,
}

fn set_of(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub(crate) fn published(key: &SigningKey) -> Value {
    serde_json::to_value(key.public()).expect("a key can be written")
}

fn published_rsa(pair: &RsaKeyPair, kid: &str, alg: &str) -> Value {
    // DER of a key of 2048 bits: nine bytes of lengths, the modulus, two of lengths, 65537.
    let der = pair.public_key().as_ref();
    let (n, e) = (encode(&der[9..265]), encode(&der[267..]));
    json!({ "kty": "RSA", "kid": kid, "alg": alg, "use": "sig", "n": n, "e": e })
}

impl Issuer {
    pub(crate) fn open() -> Self {
        Self::called(ISSUER)
    }

    /// One of this name.
    pub(crate) fn called(name: &'static str) -> Self {
        let (key, bytes) = SigningKey::generate().expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes.0);
        let pair = pair.expect("a key");
        let rsa = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
        let set = set_of(&[published(&key), published_rsa(&rsa, "ps", "PS256")]);
        let set = Arc::new(Mutex::new(set));
        let silent = Arc::new(AtomicBool::new(false));
        let (told, hushed) = (Arc::clone(&set), Arc::clone(&silent));
        let upstream = Upstream::answering(move |received, stream| {
            if hushed.load(Ordering::SeqCst) {
                return false;
            }
            let path = received.head.split(' ').nth(1).unwrap_or_default();
            let body = match path {
                "/keys" => told.lock().expect("a set").clone(),
                "/.well-known/openid-configuration" => {
                    json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }).to_string()
                }
                _ => return crate::rig::say(stream, "{}"),
            };
            crate::rig::say(stream, &body)
        });
        Self { key, pair, rsa, upstream, set, silent }
    }

    pub(crate) fn publish(&self, keys: &[Value]) {
        *self.set.lock().expect("a set") = set_of(keys);
    }

    pub(crate) fn hush(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    /// The claims of a token that is believed.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": ISSUER, "sub": "kim", "aud": AUDIENCE, "client_id": "web", "jti": "t1",
            "iat": now(), "exp": now() + 300, "scope": "openid accounts", "roles": ["user"],
            "sid": "s1", "acr": "1fa", "amr": ["pwd"], "auth_time": now() - 10,
        })
    }

    pub(crate) fn signed(&self, claims: &Value) -> String {
        self.key.sign(TokenType::Access, claims).expect("it can be signed")
    }

    pub(crate) fn good(&self) -> String {
        self.signed(&self.claims())
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

    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.key.kid() })
    }

    /// Signed rightly, under any header at all and with claims that need not even be JSON.
    pub(crate) fn signed_raw(&self, header: &str, claims: &str) -> String {
        Self::signed_by(header, claims, |signed| {
            let signature = self.pair.sign(&SystemRandom::new(), signed).expect("it signs");
            signature.as_ref().to_vec()
        })
    }

    pub(crate) fn signed_by(
        header: &str,
        claims: &str,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    pub(crate) fn rs256(&self, signed: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature).expect("it signs");
        signature
    }
}

/// A gateway before a bank, that believes an issuer.
pub(crate) struct House {
    pub(crate) issuer: Issuer,
    pub(crate) bank: Upstream,
    pub(crate) rig: Rig,
    pub(crate) folder: tempfile::TempDir,
}

impl House {
    /// With one route, which asks this of whoever calls.
    pub(crate) fn asking(auth: &str) -> Self {
        Self::with(
            |_house| format!("[routes.all]\nto = \"bank\"\nauth = {{ {auth} }}\n"),
            "jwks = \"/keys\"",
        )
    }

    /// With these routes and whatever else, and this said of the issuer.
    pub(crate) fn with(more: impl FnOnce(&std::path::Path) -> String, issuer: &str) -> Self {
        Self::before(Issuer::open(), Upstream::start(), more, issuer)
    }

    pub(crate) fn before(
        issuer: Issuer,
        bank: Upstream,
        more: impl FnOnce(&std::path::Path) -> String,
        said: &str,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let toml = toml(&issuer, &bank, folder.path(), said) + &more(folder.path());
        let rig = Rig::start(&toml);
        Self { issuer, bank, rig, folder }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// Asks with a token.
    pub(crate) fn bearer(&self, token: &str) -> Reply {
        self.rig.get("/a", &format!("Authorization: Bearer {token}\r\n"))
    }

    pub(crate) fn post(&self, target: &str, headers: &str, body: &str) -> Reply {
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Reply::of(&self.rig.send(request.as_bytes(), usize::MAX))
    }

    /// Ends the gateway and gives what it has logged.
    pub(crate) fn lines(self) -> Vec<Value> {
        let log = self.log();
        drop(self.rig);
        let text = std::fs::read_to_string(log).expect("a log");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

pub(crate) fn toml(
    issuer: &Issuer,
    bank: &Upstream,
    folder: &std::path::Path,
    said: &str,
) -> String {
    let log = folder.join("access.log");
    format!(
        "access_log = {{ to = {log:?} }}\n\
         [backends.bank]\nendpoints = [\"http://{}\"]\n[backends.identity]\nendpoints = [\"http://{}\"]\n\
         [issuers.house]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\nbackend = \"identity\"\n{said}\n",
        bank.address, issuer.upstream.address
    )
}
