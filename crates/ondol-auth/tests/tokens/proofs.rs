//! J22: a bound token in somebody else's hand is nothing.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_auth::{
    Principal, ProofAsked, ProofError, ProofOptions, Proofs, SigningKey, TokenType, encode,
    thumbprint,
};
use serde_json::{Value, json};

use crate::forge::{NOW, Workshop};

const ADDRESS: &str = "https://bank.example/accounts";

struct Bound {
    shop: Workshop,
    holder: SigningKey,
    token: String,
    principal: Arc<Principal>,
    proofs: Proofs,
}

impl Bound {
    async fn to_a_key() -> Self {
        let shop = Workshop::open();
        let (holder, _bytes) = SigningKey::generate().expect("a key");
        let token = shop.with("cnf", json!({ "jkt": thumbprint(holder.public()) }));
        let principal = shop.verifier.verify(&token).await.expect("it is right");
        let proofs = Proofs::new(ProofOptions::default(), shop.clock.clone());
        Self { shop, holder, token, principal, proofs }
    }

    fn claims(&self, jti: &str) -> Value {
        let ath = encode(digest(&SHA256, self.token.as_bytes()));
        json!({ "jti": jti, "htm": "GET", "htu": ADDRESS, "iat": NOW, "ath": ath })
    }

    fn check(&self, proof: Option<&str>) -> Result<(), ProofError> {
        let asked = ProofAsked { method: "GET", address: ADDRESS, token: &self.token };
        self.proofs.check(&self.principal, proof, None, asked)
    }

    fn proof(&self, claims: &Value) -> String {
        self.holder.sign_with_key(TokenType::Proof, claims).expect("it signs")
    }
}

#[tokio::test]
async fn j22_a_proof_is_of_this_key_for_this_request_and_shown_once() {
    let bound = Bound::to_a_key().await;
    let proof = bound.proof(&bound.claims("p1"));
    assert_eq!(bound.check(Some(&proof)), Ok(()));
    assert_eq!(bound.check(Some(&proof)), Err(ProofError::Replayed));
    assert_eq!(bound.check(None), Err(ProofError::Missing));
    for (name, value, what) in [
        ("htm", json!("POST"), "method"),
        ("htm", json!("get"), "method"),
        ("htu", json!("https://bank.example/accounts/"), "address"),
        ("htu", json!("http://bank.example/accounts"), "address"),
        ("ath", json!(encode([0_u8; 32])), "token"),
    ] {
        let mut claims = bound.claims("p2");
        claims[name] = value;
        let proof = bound.proof(&claims);
        assert_eq!(bound.check(Some(&proof)), Err(ProofError::Other { what }), "{claims}");
    }
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let stolen = thief.sign_with_key(TokenType::Proof, &bound.claims("p3")).expect("it signs");
    assert_eq!(bound.check(Some(&stolen)), Err(ProofError::Other { what: "key" }));
    for iat in [NOW - 61, NOW + 61] {
        let mut claims = bound.claims("p4");
        claims["iat"] = json!(iat);
        assert_eq!(bound.check(Some(&bound.proof(&claims))), Err(ProofError::Age));
    }
    let of_another_type = bound.holder.sign_with_key(TokenType::Access, &bound.claims("p5"));
    let of_another_type = of_another_type.expect("it signs");
    assert!(matches!(bound.check(Some(&of_another_type)), Err(ProofError::Malformed(_))));
    let mut cut = bound.proof(&bound.claims("p6"));
    cut.truncate(cut.len() - 8);
    assert!(matches!(bound.check(Some(&cut)), Err(ProofError::Malformed(_))));
}

#[tokio::test]
async fn j22_a_proof_is_remembered_as_long_as_it_could_be_shown() {
    let bound = Bound::to_a_key().await;
    let mut claims = bound.claims("p1");
    claims["iat"] = json!(NOW + 60);
    let proof = bound.proof(&claims);
    assert_eq!(bound.check(Some(&proof)), Ok(()));
    bound.shop.clock.advance(Duration::from_secs(120));
    assert_eq!(bound.check(Some(&proof)), Err(ProofError::Replayed));
    bound.shop.clock.advance(Duration::from_secs(1));
    assert_eq!(bound.check(Some(&proof)), Err(ProofError::Age));
}

#[tokio::test]
async fn when_no_more_proofs_can_be_remembered_none_is_believed() {
    let bound = Bound::to_a_key().await;
    let options = ProofOptions { remembered_max: 2, ..ProofOptions::default() };
    let bound = Bound { proofs: Proofs::new(options, bound.shop.clock.clone()), ..bound };
    for (jti, expected) in [("a", Ok(())), ("b", Ok(())), ("c", Err(ProofError::Full))] {
        assert_eq!(bound.check(Some(&bound.proof(&bound.claims(jti)))), expected);
    }
}

#[tokio::test]
async fn j22_a_token_of_a_certificate_needs_that_certificate() {
    let shop = Workshop::open();
    let ours = b"a certificate";
    let print = encode(digest(&SHA256, ours));
    let token = shop.with("cnf", json!({ "x5t#S256": print }));
    let principal = shop.verifier.verify(&token).await.expect("it is right");
    let proofs = Proofs::new(ProofOptions::default(), shop.clock.clone());
    let asked = ProofAsked { method: "GET", address: ADDRESS, token: &token };
    let check = |shown| proofs.check(&principal, None, shown, asked);
    assert_eq!(check(Some(&ours[..])), Ok(()));
    for other in [None, Some(&b"another"[..])] {
        assert_eq!(check(other), Err(ProofError::Other { what: "certificate" }));
    }
}

#[tokio::test]
async fn a_binding_that_nobody_understands_is_no_token() {
    let shop = Workshop::open();
    for cnf in [json!({ "jwk": {} }), json!(null), json!("key")] {
        let token = shop.with("cnf", cnf.clone());
        assert!(shop.verifier.verify(&token).await.is_err(), "{cnf}");
    }
    let empty = shop.with("cnf", json!({}));
    let principal = shop.verifier.verify(&empty).await.expect("it can be read");
    let proofs = Proofs::new(ProofOptions::default(), shop.clock.clone());
    let asked = ProofAsked { method: "GET", address: ADDRESS, token: &empty };
    assert_eq!(proofs.check(&principal, None, None, asked), Err(ProofError::Missing));
}
