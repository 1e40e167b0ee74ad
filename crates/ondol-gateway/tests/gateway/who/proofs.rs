//! J22: a bound token in somebody else's hand is nothing. And who somebody is by his certificate.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use ondol_auth::{SigningKey, TokenType, encode, thumbprint};
use ondol_gateway::Config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::house::{House, ISSUER, Issuer, now};
use crate::certificates::{Authority, Folder, ask_with, client};
use crate::rig::{Reply, Rig, Upstream};

const WRONG: &str =
    r#"DPoP realm="bank", error="invalid_dpop_proof", algs="ES256 EdDSA PS256 RS256""#;

struct Holder {
    key: SigningKey,
    number: AtomicUsize,
}

impl Holder {
    fn new() -> Self {
        let (key, _bytes) = SigningKey::generate().expect("a key");
        Self { key, number: AtomicUsize::new(0) }
    }

    fn token(&self, house: &House) -> String {
        house.issuer.with("cnf", json!({ "jkt": thumbprint(self.key.public()) }))
    }

    /// What a good proof says.
    fn claims(&self, token: &str) -> Value {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let ath = encode(digest(&SHA256, token.as_bytes()));
        json!({ "jti": format!("p{number}"), "htm": "GET", "htu": "http://bank.test/a", "iat": now(), "ath": ath })
    }

    fn proof(&self, claims: &Value) -> String {
        self.key.sign_with_key(TokenType::Proof, claims).expect("it signs")
    }
}

fn shown(token: &str, proof: &str) -> String {
    format!("Authorization: DPoP {token}\r\nDPoP: {proof}\r\n")
}

#[test]
fn j22_a_proof_is_of_this_key_for_this_request_and_shown_once() {
    let house = House::asking("issuer = \"house\"");
    let (holder, thief) = (Holder::new(), Holder::new());
    let token = holder.token(&house);
    let proof = holder.proof(&holder.claims(&token));
    assert_eq!(house.rig.get("/a", &shown(&token, &proof)).status, 200);
    assert_eq!(house.bank.take().len(), 1);
    let changed = |name: &str, value: Value| {
        let mut claims = holder.claims(&token);
        claims[name] = value;
        shown(&token, &holder.proof(&claims))
    };
    let two = holder.proof(&holder.claims(&token));
    let rows = [
        ("shown before", shown(&token, &proof)),
        ("other htm", changed("htm", json!("POST"))),
        ("htm in small letters", changed("htm", json!("get"))),
        ("other path", changed("htu", json!("http://bank.test/b"))),
        ("other scheme", changed("htu", json!("https://bank.test/a"))),
        ("other host", changed("htu", json!("http://evil.test/a"))),
        ("other ath", changed("ath", json!(encode(digest(&SHA256, b"other"))))),
        ("old", changed("iat", json!(now() - 90))),
        ("of the future", changed("iat", json!(now() + 90))),
        ("no jti", changed("jti", json!(""))),
        ("of another key", shown(&token, &thief.proof(&thief.claims(&token)))),
        ("none", format!("Authorization: DPoP {token}\r\n")),
        ("not one", shown(&token, "nonsense")),
        ("the token itself", shown(&token, &token)),
        ("two", shown(&token, &two) + &format!("DPoP: {two}\r\n")),
        ("as if it were anybody's", format!("Authorization: Bearer {token}\r\n")),
        ("for a token that is anybody's", shown(&house.issuer.good(), &two)),
    ];
    for (name, headers) in &rows {
        let reply = house.rig.get("/a", headers);
        assert_eq!(reply.status, 401, "J22 {name}");
        assert_eq!(reply.header("www-authenticate"), Some(WRONG), "J22 {name}");
        assert!(house.bank.take().is_empty(), "J22 {name}");
    }
    let fresh = holder.proof(&holder.claims(&token));
    assert_eq!(house.rig.get("/a?q=1", &shown(&token, &fresh)).status, 200, "without the query");
    let text = super::house::toml(
        &house.issuer,
        &house.bank,
        house.folder.path(),
        "jwks = \"/keys\"\nleeway = \"9s\"",
    );
    house
        .rig
        .reload(&format!("{text}[routes.all]\nto = \"bank\"\nauth = {{ issuer = \"house\" }}\n"));
    let again = house.rig.get("/a", &shown(&token, &fresh));
    assert_eq!(again.status, 401, "what was shown is remembered over a change");
    let number = rows.len() + 3;
    let lines = house.lines();
    assert_eq!(lines.len(), number);
    assert!(lines.iter().all(|line| !line.to_string().contains("eyJ")), "a token or a proof");
}

/// A gateway that speaks TLS and knows certificates.
fn secure(folder: &Folder, issuer: &Issuer, bank: &Upstream, auth: &str) -> Rig {
    let text = format!(
        "workers = 1\n[listeners.public]\naddress = \"127.0.0.1:0\"\n\
         tls = {{ certificates = [{{ chain = {:?}, key = {:?} }}], client_authorities = {:?}, client_certificate_optional = true }}\n\
         [backends.bank]\nendpoints = [\"http://{}\"]\n[backends.identity]\nendpoints = [\"http://{}\"]\n\
         [issuers.house]\nissuer = \"{ISSUER}\"\naudience = \"bank\"\nbackend = \"identity\"\njwks = \"/keys\"\n\
         [certificates.machines.names]\n\"atm-1.bank.test\" = {{ owner = \"atm-1\", scopes = [\"cash\"], roles = [\"atm\"], tenant = \"acme\" }}\n\
         \"*.partner.test\" = {{ scopes = [\"transfers\"] }}\n\
         [routes.all]\nto = \"bank\"\nauth = {{ {auth} }}\n",
        folder.file("server.pem"),
        folder.file("server.key"),
        folder.file("authority.pem"),
        bank.address,
        issuer.upstream.address,
    );
    Rig::with(Config::read("gateway.toml", &text).expect("a good configuration"))
}

fn people(name: &str) -> Folder {
    let folder = Folder::new(name);
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "server", "bank.test");
    authority.sign(&folder, "atm", "atm-1.bank.test");
    authority.sign(&folder, "partner", "pay.partner.test");
    authority.sign(&folder, "stranger", "stranger.test");
    folder
}

async fn asked(rig: &Rig, folder: &Folder, identity: Option<&str>, headers: &str) -> Reply {
    let answer = ask_with(rig, client(folder, "authority", identity), "bank.test", headers).await;
    Reply::of(answer.expect("an answer").as_bytes())
}

#[tokio::test]
async fn a_certificate_says_who_somebody_is() {
    let folder = people("who");
    let (issuer, bank) = (Issuer::open(), Upstream::start());
    let rig = secure(&folder, &issuer, &bank, "certificate = \"machines\"");
    for (identity, status, who, scopes) in [
        (Some("atm"), 200, Some("atm-1"), Some("cash")),
        (Some("partner"), 200, Some("pay.partner.test"), Some("transfers")),
        (Some("stranger"), 403, None, None),
        (None, 403, None, None),
    ] {
        let reply = asked(&rig, &folder, identity, "X-User-Id: evil\r\n").await;
        assert_eq!(reply.status, status, "{identity:?}");
        let seen = bank.take();
        let told = |name: &str| seen.first().and_then(|it| it.header(name));
        assert_eq!((told("x-user-id"), told("x-user-scopes")), (who, scopes), "{identity:?}");
        if status == 403 {
            assert!(reply.body.contains("gateway-certificate-unknown"), "{}", reply.body);
        }
    }
    let needs = secure(&folder, &issuer, &bank, "certificate = \"machines\", roles = [\"atm\"]");
    assert_eq!(asked(&needs, &folder, Some("atm"), "").await.status, 200);
    assert_eq!(asked(&needs, &folder, Some("partner"), "").await.status, 403);
}

#[tokio::test]
async fn j22_a_token_that_is_bound_to_a_certificate_is_shown_with_it() {
    let folder = people("bound");
    let (issuer, bank) = (Issuer::open(), Upstream::start());
    let rig = secure(&folder, &issuer, &bank, "issuer = \"house\"");
    let file = folder.file("partner.pem");
    let certificate = CertificateDer::from_pem_file(file).expect("a certificate");
    let print = encode(digest(&SHA256, &certificate));
    let token = issuer.with("cnf", json!({ "x5t#S256": print }));
    let headers = format!("Authorization: Bearer {token}\r\n");
    for (identity, status) in [(Some("partner"), 200), (Some("atm"), 401), (None, 401)] {
        let reply = asked(&rig, &folder, identity, &headers).await;
        assert_eq!(reply.status, status, "{identity:?}");
        assert_eq!(bank.take().len(), usize::from(status == 200), "{identity:?}");
        if status == 401 {
            let said = r#"Bearer realm="bank", error="invalid_token""#;
            assert_eq!(reply.header("www-authenticate"), Some(said));
        }
    }
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let both = issuer.with("cnf", json!({ "x5t#S256": print, "jkt": thumbprint(key.public()) }));
    let ath = encode(digest(&SHA256, both.as_bytes()));
    let claims =
        json!({ "jti": "p", "htm": "GET", "htu": "https://bank.test/a", "iat": now(), "ath": ath });
    let proof = key.sign_with_key(TokenType::Proof, &claims).expect("it signs");
    let headers = format!("Authorization: DPoP {both}\r\nDPoP: {proof}\r\n");
    assert_eq!(asked(&rig, &folder, Some("atm"), &headers).await.status, 401);
    assert_eq!(asked(&rig, &folder, Some("partner"), &headers).await.status, 200);
    let odd = issuer.with("cnf", json!({ "kid": "x" }));
    let headers = format!("Authorization: Bearer {odd}\r\n");
    assert_eq!(asked(&rig, &folder, Some("partner"), &headers).await.status, 401, "another bond");
}
