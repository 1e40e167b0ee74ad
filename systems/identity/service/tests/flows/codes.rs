//! Codes and refresh tokens: O3, O4, O5, O8.

use std::sync::Arc;

use http::StatusCode;
use tokio::task::JoinSet;

use crate::browser::{Browser, PASSWORD, asking};
use crate::house::{BACK, House, ISSUER, VERIFIER, claims, sha256};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_tokens_that_say_who_when_and_how() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let answer = browser.get(&asking(&[])).await;
    assert_eq!(answer.sent("state").as_deref(), Some("s t&te"));
    assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
    let tokens = house.redeem(&answer.sent("code").expect("a code")).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    assert_eq!(tokens.headers[http::header::CACHE_CONTROL], "no-store");
    let tokens = tokens.json();
    let access = tokens["access_token"].as_str().expect("a token");
    let (id, at) = (claims(tokens["id_token"].as_str().expect("a token")), claims(access));
    assert_eq!((id["nonce"].as_str(), id["aud"].as_str()), (Some("n1"), Some("web")));
    assert_eq!(
        (id["acr"].as_str(), &id["amr"]),
        (Some("urn:ondol:acr:1fa"), &serde_json::json!(["pwd"]))
    );
    assert_eq!((at["aud"].as_str(), at["client_id"].as_str()), (Some("ondol"), Some("web")));
    assert_eq!(at["roles"], serde_json::json!(["user"]));
    let told = house.userinfo(access).await.json();
    assert_eq!(
        (told["email"].as_str(), told["email_verified"].as_bool()),
        (Some("kim@example.kr"), Some(true))
    );
    assert_eq!(told["sub"], id["sub"]);
    assert!(house.is_active(access).await);
    house.later(301);
    assert!(!house.is_active(access).await, "it has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_a_code_needs_its_verifier_its_client_and_its_address() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    let other = "another-verifier-that-is-long-enough-to-be-one-012345";
    let rows = [
        ("wrong verifier", "web", Some(other), BACK, "invalid_grant"),
        ("no verifier", "web", None, BACK, "invalid_request"),
        ("short verifier", "web", Some("short"), BACK, "invalid_grant"),
        ("another client", "mobile", Some(VERIFIER), BACK, "invalid_grant"),
        ("another address", "web", Some(VERIFIER), "https://app.example/other", "invalid_grant"),
    ];
    for (row, client, verifier, back, error) in rows {
        let mut pairs =
            vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", back)];
        pairs.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let answer = house.form("/oauth2/token", client, &pairs).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (StatusCode::BAD_REQUEST, error),
            "O3 {row}"
        );
    }
    assert_eq!(house.redeem(&code).await.status, StatusCode::OK, "none of them has used it up");
    let late = browser.code().await;
    house.later(60);
    assert_eq!(house.redeem(&late).await.error(), "invalid_grant", "too late");
    assert_eq!(house.redeem("guess").await.error(), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_a_verifier_that_can_be_guessed_is_none_though_it_fits() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    for weak in ["short", &"a".repeat(42), &"a".repeat(129), &format!("{}/", "a".repeat(43))] {
        let answer = browser.get(&asking(&[("code_challenge", &sha256(weak))])).await;
        let code = answer.sent("code").expect("a code: nobody knows yet what it is the hash of");
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", BACK),
            ("code_verifier", weak),
        ];
        let answer = house.form("/oauth2/token", "web", &pairs).await;
        assert_eq!(answer.error(), "invalid_grant", "O3 {weak}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_refresh_token_ends_with_the_password_that_it_came_from() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let tokens = house.redeem(&browser.code().await).await.json();
    let token = tokens["refresh_token"].as_str().expect("a token");
    let mut elsewhere = Browser::new(&house);
    elsewhere.sign_in("kim@example.kr", PASSWORD).await;
    elsewhere.get("/account").await;
    let new = [("change", "password"), ("password", PASSWORD), ("new", "another horse battery")];
    assert_eq!(elsewhere.post("/account", &new).await.status, StatusCode::OK);
    assert_eq!(house.refresh(token).await.error(), "invalid_grant", "O8");
}

#[tokio::test(flavor = "multi_thread")]
async fn o4_a_code_that_is_used_twice_takes_back_what_the_first_use_gave() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    let tokens = house.redeem(&code).await.json();
    let access = tokens["access_token"].as_str().expect("a token");
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    assert!(house.is_active(access).await);
    assert_eq!(house.redeem(&code).await.error(), "invalid_grant");
    assert!(!house.is_active(access).await, "O4 the access token");
    assert_eq!(house.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh(refresh).await.error(), "invalid_grant", "O4 the refresh token");
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_of_two_at_once_exactly_one_gets_something_a_thousand_times() {
    let house = Arc::new(House::open());
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    for round in 0..1_000 {
        let code = browser.code().await;
        let mut both = JoinSet::new();
        for _ in 0..2 {
            let (house, code) = (Arc::clone(&house), code.clone());
            both.spawn(async move { house.redeem(&code).await.status });
        }
        let mut won = 0;
        while let Some(status) = both.join_next().await {
            won += usize::from(status.expect("no panic") == StatusCode::OK);
        }
        assert_eq!(won, 1, "O5 round {round}");
        assert_eq!(house.redeem(&code).await.error(), "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_refresh_token_that_was_replaced_kills_its_family() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    let tokens = house.redeem(&code).await.json();
    let first = tokens["refresh_token"].as_str().expect("a token").to_owned();
    let tokens = house.refresh(&first).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    let second = tokens.json()["refresh_token"].as_str().expect("a token").to_owned();
    let access = tokens.json()["access_token"].as_str().expect("a token").to_owned();
    assert_ne!(first, second);
    let again = house.refresh(&first).await;
    assert_eq!(again.status, StatusCode::OK, "O8 within the grace: its answer may have been lost");
    let third = again.json()["refresh_token"].as_str().expect("a token").to_owned();
    house.later(11);
    assert_eq!(house.refresh(&first).await.error(), "invalid_grant", "O8 after the grace");
    for token in [&second, &third] {
        assert_eq!(house.refresh(token).await.error(), "invalid_grant", "O8 the whole family");
    }
    assert!(!house.is_active(&access).await, "O8 and what it gave");
}

#[tokio::test(flavor = "multi_thread")]
async fn o8_a_refresh_token_is_its_clients_and_never_gives_more() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    let tokens = house.redeem(&code).await.json();
    let token = tokens["refresh_token"].as_str().expect("a token");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(house.form("/oauth2/token", "mobile", &pairs).await.error(), "invalid_grant");
    let more = [pairs[0], pairs[1], ("scope", "openid accounts")];
    assert_eq!(house.form("/oauth2/token", "web", &more).await.error(), "invalid_scope");
    let less = [pairs[0], pairs[1], ("scope", "openid")];
    let answer = house.form("/oauth2/token", "web", &less).await;
    assert_eq!(answer.json()["scope"], "openid");
    for guess in ["guess", "a.b", "0193f4a0-0000-7000-8000-000000000001.x"] {
        assert_eq!(house.refresh(guess).await.error(), "invalid_grant", "{guess}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_services_verify_and_what_clients_verify_is_signed_by_different_keys() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let tokens = house.redeem(&browser.code().await).await.json();
    let header = |name: &str| -> serde_json::Value {
        let token = tokens[name].as_str().expect("a token");
        let header = token.split('.').next().expect("a header");
        let header = ondol_auth::decode_strict(header).expect("base64url");
        serde_json::from_slice(&header).expect("JSON")
    };
    let (access, id) = (header("access_token"), header("id_token"));
    assert_eq!((&access["alg"], &access["typ"]), (&"EdDSA".into(), &"at+jwt".into()));
    assert_eq!((&id["alg"], &id["typ"]), (&"ES256".into(), &"JWT".into()));
    assert_ne!(access["kid"], id["kid"]);
    let told = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(told["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
}
