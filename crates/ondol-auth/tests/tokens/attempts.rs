//! O12 and O13: what a client of ours does not take from a browser, or from whoever stands between.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use ondol_auth::{
    Answered, Attempt, AttemptError, KeyRing, KeyRingOptions, SigningKey, TokenType, VerifyError,
    encode,
};
use ondol_doors::{Clock, SystemRng};
use serde_json::{Value, json};

use crate::forge::{ISSUER, NOW, Workshop, manual_clock, published, set_of};
use crate::source::Issuer;

const ACCESS: &str = "an access token";

fn begun() -> Attempt {
    Attempt::begin(ISSUER, "web", &SystemRng)
}

fn asked(attempt: &Attempt, name: &str) -> String {
    let question = attempt.question();
    let found = question.iter().find(|(own, _)| *own == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn pairs(said: &[(&str, &str)]) -> Vec<(String, String)> {
    said.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect()
}

#[test]
fn o12_an_answer_of_another_issuer_or_to_another_question_is_not_taken() {
    type Said<'a> = Vec<(&'a str, &'a str)>;
    type Row = (&'static str, fn(&str) -> Said<'_>, AttemptError);
    let rows: [Row; 10] = [
        ("no state", |_| vec![("code", "c"), ("iss", ISSUER)], AttemptError::State),
        ("empty", |_| vec![("code", "c"), ("state", ""), ("iss", ISSUER)], AttemptError::State),
        ("cut", |s| vec![("code", "c"), ("state", &s[1..]), ("iss", ISSUER)], AttemptError::State),
        (
            "state twice",
            |s| vec![("code", "c"), ("state", s), ("state", s), ("iss", ISSUER)],
            AttemptError::State,
        ),
        ("no iss", |s| vec![("code", "c"), ("state", s)], AttemptError::Issuer),
        (
            "another iss",
            |s| vec![("code", "c"), ("state", s), ("iss", "https://evil.example")],
            AttemptError::Issuer,
        ),
        (
            "iss with a slash",
            |s| vec![("code", "c"), ("state", s), ("iss", "https://id.example/")],
            AttemptError::Issuer,
        ),
        (
            "iss twice",
            |s| vec![("code", "c"), ("state", s), ("iss", ISSUER), ("iss", ISSUER)],
            AttemptError::Issuer,
        ),
        ("no code", |s| vec![("state", s), ("iss", ISSUER)], AttemptError::Code),
        (
            "two codes",
            |s| vec![("code", "c"), ("code", "d"), ("state", s), ("iss", ISSUER)],
            AttemptError::Code,
        ),
    ];
    for (row, said, error) in rows {
        let attempt = begun();
        let state = asked(&attempt, "state");
        let answer = attempt.answered(&pairs(&said(&state)));
        assert_eq!(answer.map(drop).expect_err(row), error, "O12 {row}");
    }
    let other = asked(&begun(), "state");
    let answer = begun().answered(&pairs(&[("code", "c"), ("state", &other), ("iss", ISSUER)]));
    assert_eq!(answer.map(drop), Err(AttemptError::State), "O12 another attempt's");
    let attempt = begun();
    let state = asked(&attempt, "state");
    let no = pairs(&[("error", "access_denied"), ("state", &state), ("iss", ISSUER)]);
    let error = "access_denied".to_owned();
    assert_eq!(attempt.answered(&no).map(drop), Err(AttemptError::Refused { error }));
}

/// An attempt that was answered, and the nonce that its ID token has to bring back.
fn answered() -> (Answered, String) {
    let attempt = begun();
    let (state, nonce) = (asked(&attempt, "state"), asked(&attempt, "nonce"));
    assert_eq!(asked(&attempt, "code_challenge").len(), 43);
    let answer = pairs(&[("code", "c"), ("state", &state), ("iss", ISSUER)]);
    (attempt.answered(&answer).expect("it is the answer"), nonce)
}

fn claims(nonce: &str) -> Value {
    let half = encode(&digest(&SHA256, ACCESS.as_bytes()).as_ref()[..16]);
    json!({
        "iss": ISSUER, "sub": "kim", "aud": "web", "azp": "web", "iat": NOW, "exp": NOW + 300,
        "nonce": nonce, "at_hash": half, "sid": "s1", "acr": "1fa", "auth_time": NOW - 10,
    })
}

fn ring(key: &SigningKey) -> (KeyRing, Arc<dyn Clock>) {
    let clock: Arc<dyn Clock> = manual_clock();
    let set = set_of(&[published(key)]);
    let issuer = Issuer::publishing(set);
    (KeyRing::new(issuer, Arc::clone(&clock), KeyRingOptions::default()), clock)
}

#[tokio::test]
async fn o13_an_id_token_is_of_this_sign_in_this_client_and_this_access_token() {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let (keys, clock) = ring(&key);
    let take = async |change: &dyn Fn(&mut Value), access: &str| {
        let (answered, nonce) = answered();
        let mut claims = claims(&nonce);
        change(&mut claims);
        claims.as_object_mut().expect("an object").retain(|_, value| *value != "-");
        let token = key.sign(TokenType::Id, &claims).expect("it signs");
        answered.signed_in(&keys, &clock, &token, access).await
    };
    let good = take(&|_| {}, ACCESS).await.expect("it is right");
    assert_eq!((good.subject.as_str(), good.session.as_deref()), ("kim", Some("s1")));
    let token = |error: VerifyError| AttemptError::Token(error);
    let rows: [(&str, &str, Value, AttemptError); 14] = [
        ("no nonce", "nonce", json!("-"), AttemptError::Nonce),
        ("another nonce", "nonce", json!("x"), AttemptError::Nonce),
        ("another azp", "azp", json!("mobile"), AttemptError::Client),
        ("another aud", "aud", json!("mobile"), token(VerifyError::Audience)),
        ("no aud", "aud", json!("-"), token(VerifyError::Claims)),
        ("no at_hash", "at_hash", json!("-"), AttemptError::AccessToken),
        ("another at_hash", "at_hash", json!("AAAA"), AttemptError::AccessToken),
        ("another iss", "iss", json!("https://evil.example"), token(VerifyError::Issuer)),
        ("over", "exp", json!(NOW - 60), token(VerifyError::Expired)),
        ("a text for exp", "exp", json!("9999999999"), token(VerifyError::Claims)),
        ("not begun", "iat", json!(NOW + 61), token(VerifyError::NotYet)),
        ("nobody", "sub", json!(""), token(VerifyError::Claims)),
        ("null as nonce", "nonce", Value::Null, token(VerifyError::Claims)),
        ("a number as azp", "azp", json!(7), token(VerifyError::Claims)),
    ];
    for (row, name, value, error) in rows {
        let taken = take(&|claims| claims[name] = value.clone(), ACCESS).await;
        assert_eq!(taken.expect_err(row), error, "O13 {row}");
    }
    let swapped = take(&|_| {}, "another access token").await;
    assert_eq!(swapped, Err(AttemptError::AccessToken), "O13 swapped");
    let several = json!(["web", "mobile"]);
    let no_azp = |claims: &mut Value| {
        claims["aud"] = several.clone();
        claims["azp"] = json!("-");
    };
    assert_eq!(take(&no_azp, ACCESS).await, Err(AttemptError::Client), "O13 several and no azp");
    take(&|claims| claims["aud"] = several.clone(), ACCESS).await.expect("several, and for us");
}

#[tokio::test]
async fn o13_an_id_token_that_somebody_else_has_signed_or_of_another_type_is_not_taken() {
    let (key, _bytes) = SigningKey::generate().expect("a key");
    let (thief, _bytes) = SigningKey::generate().expect("a key");
    let (keys, clock) = ring(&key);
    let (first, nonce) = answered();
    let token = thief.sign(TokenType::Id, &claims(&nonce)).expect("it signs");
    let taken = first.signed_in(&keys, &clock, &token, ACCESS).await;
    assert_eq!(taken, Err(AttemptError::Token(VerifyError::UnknownKey)));
    let (second, nonce) = answered();
    let token = key.sign(TokenType::Access, &claims(&nonce)).expect("it signs");
    let taken = second.signed_in(&keys, &clock, &token, ACCESS).await;
    assert_eq!(taken, Err(AttemptError::Token(VerifyError::Type)));
    let (third, nonce) = answered();
    let token = key.sign_with_key(TokenType::Id, &claims(&nonce)).expect("it signs");
    let taken = third.signed_in(&keys, &clock, &token, ACCESS).await;
    assert!(matches!(taken, Err(AttemptError::Token(VerifyError::Header { .. }))));
    let (fourth, nonce) = answered();
    let token = key.sign(TokenType::Id, &claims(&nonce)).expect("it signs");
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    let shop = Workshop::open();
    let forged = format!("{signed}.{}", encode(shop.es256(signed.as_bytes())));
    let taken = fourth.signed_in(&keys, &clock, &forged, ACCESS).await;
    assert_eq!(taken, Err(AttemptError::Token(VerifyError::Signature)));
}
