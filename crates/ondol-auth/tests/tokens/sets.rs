//! J6: a bad set of keys is refused whole, and the old one is kept.

use aws_lc_rs::rsa::{KeyPair, KeySize};
use ondol_auth::{KeySet, KeySetError, SET_BYTES_MAX, SigningKey, VerifyError, encode};
use serde_json::{Value, json};

use crate::forge::{Workshop, published, published_rsa, set_of};

fn broken_rules() -> Vec<(&'static str, Vec<Value>)> {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let rsa = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let good = published(&key);
    let rsa = published_rsa(&rsa, "rsa", "RS256");
    let with = |of: &Value, name: &str, value: Value| {
        let mut key = of.clone();
        key[name] = value;
        key
    };
    let short = encode([0xC3_u8; 128]);
    let off_curve = encode([7_u8; 32]);
    vec![
        ("two keys of one name", vec![good.clone(), with(&rsa, "kid", good["kid"].clone())]),
        ("the same key twice", vec![good.clone(), good.clone()]),
        ("no name", vec![with(&good, "kid", json!(""))]),
        ("use", vec![with(&good, "use", json!("enc"))]),
        ("key_ops", vec![with(&good, "key_ops", json!(["sign"]))]),
        ("key_ops of two kinds", vec![with(&good, "key_ops", json!(["verify", "encrypt"]))]),
        ("1024 bits", vec![with(&rsa, "n", json!(short))]),
        ("e = 1", vec![with(&rsa, "e", json!("AQ"))]),
        ("e = 3", vec![with(&rsa, "e", json!("Aw"))]),
        ("an even e", vec![with(&rsa, "e", json!("AQAA"))]),
        ("an endless e", vec![with(&rsa, "e", json!(encode([1_u8; 256])))]),
        ("an endless n", vec![with(&rsa, "n", json!(encode([0xC3_u8; 2048])))]),
        ("RSA without alg", vec![with(&rsa, "alg", Value::Null)]),
        ("RSA for ES256", vec![with(&rsa, "alg", json!("ES256"))]),
        ("RSA for HS256", vec![with(&rsa, "alg", json!("HS256"))]),
        ("EC for RS256", vec![with(&good, "alg", json!("RS256"))]),
        ("a point off the curve", vec![with(&good, "x", json!(off_curve))]),
        ("a cut coordinate", vec![with(&good, "y", json!("AAAA"))]),
        ("a secret half", vec![with(&good, "d", json!("AAAA"))]),
        ("a shared secret", vec![good.clone(), json!({ "kty": "oct", "kid": "k", "k": "AAAA" })]),
        ("nothing", vec![]),
        ("only what we do not use", vec![json!({ "kty": "EC", "crv": "P-521", "kid": "k" })]),
        ("too many", (0..33).map(|at| with(&good, "kid", json!(format!("k{at}")))).collect()),
    ]
}

#[test]
fn j6_a_set_that_is_half_right_is_wrong() {
    for (row, keys) in broken_rules() {
        assert!(KeySet::read(&set_of(&keys)).is_err(), "J6 {row}");
    }
    let texts = [
        ("no JSON", "keys".to_owned()),
        ("no keys", "{}".to_owned()),
        ("a list", "[]".to_owned()),
        ("keys twice", r#"{"keys":[],"keys":[]}"#.to_owned()),
        ("a kid twice", r#"{"keys":[{"kty":"EC","kid":"a","kid":"b"}]}"#.to_owned()),
        ("endless", " ".repeat(SET_BYTES_MAX + 1)),
    ];
    for (row, text) in texts {
        assert!(KeySet::read(text.as_bytes()).is_err(), "J6 {row}");
    }
}

#[test]
fn kinds_that_nobody_here_uses_are_passed_over() {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let unused = json!({ "kty": "EC", "crv": "P-521", "kid": "other", "x": "AA", "y": "AA" });
    let set = KeySet::read(&set_of(&[published(&key), unused])).expect("a set");
    assert_eq!(set.len(), 1);
    assert!(set.key("other").is_none());
}

#[test]
fn a_bad_set_is_refused_with_the_name_of_the_key_and_the_rule() {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let mut bad = published(&key);
    bad["use"] = json!("enc");
    let error = KeySet::read(&set_of(&[bad])).expect_err("it is refused");
    let expected = format!("the key {:?} of the set is not for signatures", key.kid());
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error, KeySetError::Key { .. }));
}

#[tokio::test]
async fn j6_the_old_set_is_kept_when_a_bad_one_is_published() {
    let shop = Workshop::open();
    let token = shop.signed(&shop.claims());
    let (next, _bytes) = SigningKey::generate().expect("a key");
    let newer = next.sign(ondol_auth::TokenType::Access, &shop.claims()).expect("it signs");
    for (row, keys) in broken_rules() {
        let mut keys = keys;
        keys.push(published(&next));
        if KeySet::read(&set_of(&keys)).is_ok() {
            continue;
        }
        shop.issuer.publish(Some(set_of(&keys)));
        shop.clock.advance(std::time::Duration::from_secs(11));
        assert_eq!(shop.refused(row, &newer).await, VerifyError::UnknownKey, "J6 {row}");
        shop.believed(row, &token).await;
    }
    assert!(shop.issuer.fetches() > 10);
}
