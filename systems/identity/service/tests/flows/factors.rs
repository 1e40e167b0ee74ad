//! The second factor: O21, step-up, and what a half sign-in may do.

use http::StatusCode;

use crate::browser::{Browser, PASSWORD, asking};
use crate::house::{House, claims};
use crate::totp::{base32, number};

const STRONG: &str = "urn:ondol:acr:2fa";

/// Turns the second factor on, as a person does.
pub(crate) async fn enrol(browser: &mut Browser<'_>) -> Vec<u8> {
    browser.get("/account").await;
    let page =
        browser.post("/account", &[("change", "offer-factor"), ("password", PASSWORD)]).await;
    assert!(page.text.contains("<svg"), "{}", page.text);
    let (_, rest) = page.text.split_once("<code>Key: ").expect("a key");
    let secret = base32(rest.split('<').next().expect("a key"));
    let number = number(&secret, browser.house.now());
    let done = browser.post("/account", &[("change", "confirm-factor"), ("number", &number)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_second_factor_is_only_half_signed_in_without_it() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let secret = enrol(&mut browser).await;
    let mut fresh = Browser::new(&house);
    let page = fresh.sign_in("kim@example.kr", PASSWORD).await;
    assert!(page.text.contains("name=\"number\""), "{}", page.text);
    assert!(!fresh.get("/account").await.text.contains("kim@example.kr"), "half is not enough");
    assert_eq!(fresh.get(&asking(&[])).await.sent("code"), None);
    let half = fresh.cookies["ondol-session"].clone();
    house.later(30);
    let number = number(&secret, house.now());
    let done = fresh.post("/second-factor", &[("number", &number)]).await;
    let code = done.sent("code").expect("on to the client that had asked");
    assert_ne!(fresh.cookies["ondol-session"], half, "a new name");
    let tokens = house.redeem(&code).await.json();
    let id = claims(tokens["id_token"].as_str().expect("a token"));
    assert_eq!(id["acr"], STRONG);
    assert_eq!(id["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn o21_a_number_counts_once_and_cannot_be_guessed() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let secret = enrol(&mut browser).await;
    house.later(60);
    let number = number(&secret, house.now());
    let try_it = async |number: &str| {
        let mut fresh = Browser::new(&house);
        fresh.sign_in("kim@example.kr", PASSWORD).await;
        fresh.post("/second-factor", &[("number", number)]).await.status
    };
    assert_eq!(try_it(&number).await, StatusCode::SEE_OTHER);
    assert_eq!(try_it(&number).await, StatusCode::FORBIDDEN, "O21 reuse in its window");
    let mut statuses = Vec::new();
    for guess in ["000000", "1", "", "12345a", "0000000"] {
        statuses.push(try_it(guess).await);
    }
    assert_eq!(statuses[4], StatusCode::TOO_MANY_REQUESTS, "O21 {statuses:?}");
    house.later(30);
    let right = self::number(&secret, house.now());
    assert_eq!(try_it(&right).await, StatusCode::TOO_MANY_REQUESTS, "O21 locked");
    house.later(900);
    let right = self::number(&secret, house.now());
    assert_eq!(try_it(&right).await, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_ask_for_a_stronger_or_a_fresher_proof() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let strong = asking(&[("acr_values", STRONG)]);
    let answer = browser.get(&strong).await;
    assert_eq!(answer.sent("error").as_deref(), Some("unmet_authentication_requirements"));
    let secret = enrol(&mut browser).await;
    assert!(browser.get(&strong).await.sent("code").is_some());
    house.later(120);
    let fresh = asking(&[("acr_values", STRONG), ("max_age", "60")]);
    let page = browser.get(&fresh).await;
    assert!(page.text.contains("name=\"password\""), "too long ago");
    let page =
        browser.post("/sign-in", &[("email", "kim@example.kr"), ("password", PASSWORD)]).await;
    assert!(page.text.contains("name=\"number\""));
    let number = number(&secret, house.now());
    let done = browser.post("/second-factor", &[("number", &number)]).await;
    let tokens = house.redeem(&done.sent("code").expect("a code")).await.json();
    let id = claims(tokens["id_token"].as_str().expect("a token"));
    assert!(house.now() - id["auth_time"].as_u64().expect("a date") < 60);
    let again = browser.get(&asking(&[("prompt", "login")])).await;
    assert!(again.text.contains("name=\"password\""), "asked for, so asked again");
}
