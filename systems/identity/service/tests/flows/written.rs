//! What was refused stands in the audit log, once, and says nothing that was secret.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::Value;

use crate::browser::{Browser, PASSWORD, asking};
use crate::factors::enrol;
use crate::house::{BACK, House, VERIFIER};

/// A form: names and what they say.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The failures that have been written down, and how many of them were seen.
struct Journal<'a> {
    house: &'a House,
    seen: usize,
}

impl Journal<'_> {
    fn failures(&self) -> Vec<Value> {
        let mut records = self.house.audit();
        records.retain(|record| record["outcome"] == "failure");
        records
    }

    /// The one failure that has been written down since the last time, and where it came from.
    fn holds_one_more(&mut self, row: &str) {
        let failures = self.failures();
        let new = &failures[self.seen..];
        assert_eq!(new.len(), 1, "{row}: {new:#?}");
        assert_eq!(new[0]["address"], "192.0.2.0/24", "{row}");
        assert!(new[0]["reason"].as_str().is_some_and(|why| !why.is_empty()), "{row}: {new:?}");
        self.seen = failures.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_are_refused_is_written_down_once() {
    let house = House::open();
    let mut journal = Journal { house: &house, seen: 0 };
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let code = browser.code().await;
    journal.seen = journal.failures().len();
    let verifier = ("code_verifier", VERIFIER);
    let redeem = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK)];
    let itself = ("grant_type", "client_credentials");
    let assertion = ("client_assertion", "eyJhbGciOiJub25lIn0.e30.");
    let rows: [(&str, &str, &str, Pairs<'_>); 17] = [
        ("O3 no verifier", "/oauth2/token", "web", redeem.to_vec()),
        (
            "O3 wrong code",
            "/oauth2/token",
            "web",
            vec![redeem[0], ("code", "x"), redeem[2], verifier],
        ),
        ("O7 password", "/oauth2/token", "web", vec![("grant_type", "password")]),
        ("O7 not this client", "/oauth2/token", "web", vec![itself]),
        ("no grant", "/oauth2/token", "web", vec![]),
        ("said twice", "/oauth2/token", "web", vec![itself, itself]),
        (
            "O8 a guess",
            "/oauth2/token",
            "web",
            vec![("grant_type", "refresh_token"), ("refresh_token", "a.b")],
        ),
        (
            "O10 wrong",
            "/oauth2/token",
            "",
            vec![itself, ("client_id", "atm"), ("client_secret", "a guess")],
        ),
        ("O10 unknown", "/oauth2/token", "", vec![itself, ("client_id", "nobody")]),
        ("O10 both", "/oauth2/token", "atm", vec![itself, ("client_secret", "secret of atm")]),
        ("O11", "/oauth2/token", "", vec![itself, ("client_id", "atm"), assertion]),
        ("O15 not good", "/oauth2/par", "web", vec![("client_id", "web")]),
        (
            "O16 not good",
            "/oauth2/token",
            "mobile",
            vec![("grant_type", DEVICE), ("device_code", "a.b")],
        ),
        ("not a device", "/oauth2/device_authorization", "web", vec![]),
        ("no token", "/oauth2/revoke", "web", vec![]),
        ("not to look", "/oauth2/introspect", "web", vec![("token", "x")]),
        ("no client", "/oauth2/introspect", "", vec![("token", "x")]),
    ];
    for (row, path, client, pairs) in rows {
        let answer = house.form(path, client, &pairs).await;
        assert!(answer.status.is_client_error(), "{row}: {}", answer.text);
        journal.holds_one_more(row);
    }
    assert_eq!(house.redeem(&code).await.status, StatusCode::OK);
    assert_eq!(house.redeem(&code).await.error(), "invalid_grant");
    journal.holds_one_more("O4");
    nothing_secret(&house, &[&code, VERIFIER, "secret of", "a guess", "eyJ"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_often_or_with_a_token_that_is_none_is_written_down_once() {
    let house = House::open();
    let mut journal = Journal { house: &house, seen: 0 };
    let itself = ("grant_type", "client_credentials");
    for _ in 0..10 {
        house
            .form("/oauth2/token", "", &[itself, ("client_id", "atm"), ("client_secret", "x")])
            .await;
    }
    journal.seen = journal.failures().len();
    let many = house.form("/oauth2/token", "atm", &[itself]).await;
    assert_eq!(many.status, StatusCode::TOO_MANY_REQUESTS);
    journal.holds_one_more("O10 too often");
    for token in ["", "a.b.c"] {
        assert_eq!(house.userinfo(token).await.status, StatusCode::UNAUTHORIZED);
        journal.holds_one_more("J a token");
        let place = "/api/v1/users/0193f4a0-0000-7000-8000-000000000001/roles";
        let answer = house.api(http::Method::GET, place, token, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        journal.holds_one_more("J a token for roles");
    }
    // What somebody types where a name belongs could be about anybody, and stays out of what stays.
    for token in ["", "a.b.c"] {
        let place = "/api/v1/users/kim@example.kr/roles";
        house.api(http::Method::GET, place, token, "").await;
        journal.holds_one_more("an address in a path");
    }
    let named = [itself, ("client_id", "kim@example.kr"), ("client_secret", "x")];
    house.form("/oauth2/token", "", &named).await;
    journal.holds_one_more("an address as a client");
    let waits = house.form("/oauth2/device_authorization", "mobile", &[("scope", "openid")]).await;
    let waiting = waits.json()["device_code"].as_str().expect("a code").to_owned();
    let poll = [("grant_type", DEVICE), ("device_code", waiting.as_str())];
    let pending = house.form("/oauth2/token", "mobile", &poll).await;
    assert_eq!(pending.error(), "authorization_pending");
    assert_eq!(journal.failures().len(), journal.seen, "to wait is no attempt");
    nothing_secret(&house, &[&waiting, "secret of", "kim"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_are_refused_is_written_down_once() {
    let house = House::open();
    let mut journal = Journal { house: &house, seen: 0 };
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    journal.seen = journal.failures().len();
    let twice = format!("{}&scope=x", asking(&[]));
    for (row, path) in [
        ("O1", asking(&[("redirect_uri", "https://evil.example/")])),
        ("O1 nobody", asking(&[("client_id", "nobody")])),
        ("O1 twice", twice),
        ("O2", asking(&[("code_challenge_method", "plain")])),
        ("O7", asking(&[("response_type", "token")])),
        ("O15", asking(&[("request_uri", "urn:ietf:params:oauth:request_uri:guess")])),
        ("logout", "/oauth2/logout?id_token_hint=a.b.c".to_owned()),
        (
            "logout away",
            "/oauth2/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example".to_owned(),
        ),
    ] {
        browser.get(&path).await;
        journal.holds_one_more(row);
    }
    let page = browser.get("/account").await;
    for (row, pairs) in [
        ("O17", vec![("csrf", "a guess"), ("change", "sign-out")]),
        ("A3", vec![("change", "sign-out"), ("role", "admin")]),
        ("a wrong password", vec![("change", "forget"), ("password", "a wrong password")]),
        ("no such change", vec![("change", "role"), ("password", PASSWORD)]),
    ] {
        assert!(page.text.contains("kim@example.kr"));
        let answer = browser.post("/account", &pairs).await;
        assert!(answer.status.is_client_error(), "{row}: {}", answer.text);
        journal.holds_one_more(row);
        browser.get("/account").await;
    }
    let request = Request::post("/sign-in").header(header::CONTENT_TYPE, "text/plain");
    house.send(request.body(Body::from("email=x")).expect("a request")).await;
    journal.holds_one_more("no form");
    browser.post("/device", &[("user_code", "BBBB-BBBB")]).await;
    journal.holds_one_more("O16");
    let mut guesser = Browser::new(&house);
    for _ in 0..6 {
        guesser.sign_in("lee@example.kr", "a wrong password").await;
        journal.holds_one_more("O19");
    }
    enrol(&mut browser).await;
    let mut half = Browser::new(&house);
    for _ in 0..6 {
        half.sign_in("kim@example.kr", PASSWORD).await;
        half.post("/second-factor", &[("number", "1234567")]).await;
        journal.holds_one_more("O21");
    }
    nothing_secret(&house, &[PASSWORD, "wrong password", "1234567", "kim@", "lee@", "guess"]);
}

fn nothing_secret(house: &House, secrets: &[&str]) {
    let told = serde_json::to_string(&house.audit()).expect("JSON");
    for secret in secrets {
        assert!(!told.contains(secret), "{secret} stands in {told}");
    }
}
