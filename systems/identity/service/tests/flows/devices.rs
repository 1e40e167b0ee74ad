//! Devices and consent: O16.

use http::StatusCode;

use crate::browser::{Browser, asking};
use crate::house::{Answer, House};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(house: &House) -> (String, String) {
    let asked = house.form("/oauth2/device_authorization", "mobile", &[("scope", "openid")]).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    let of = |name: &str| asked.json()[name].as_str().expect("a code").to_owned();
    (of("device_code"), of("user_code"))
}

async fn poll(house: &House, code: &str) -> Answer {
    let pairs = [("grant_type", GRANT), ("device_code", code)];
    house.form("/oauth2/token", "mobile", &pairs).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_its_tokens_once_its_owner_has_said_yes() {
    let house = House::open();
    let (device, code) = begin(&house).await;
    assert_eq!(poll(&house, &device).await.error(), "authorization_pending");
    assert_eq!(poll(&house, &device).await.error(), "slow_down", "O16 too fast");
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    browser.get(&format!("/device?user_code={code}")).await;
    let typed = code.to_lowercase().replace('-', " ");
    let page = browser.post("/device", &[("user_code", &typed)]).await;
    assert!(page.text.contains("Mobile"), "{}", page.text);
    browser.post("/device", &[("answer", "yes")]).await;
    house.later(5);
    let tokens = poll(&house, &device).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    browser.get("/account").await;
    browser.post("/account", &[("change", "sign-out")]).await;
    let refresh = tokens.json()["refresh_token"].as_str().expect("a token").to_owned();
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let again = house.form("/oauth2/token", "mobile", &pairs).await;
    assert_eq!(again.status, StatusCode::OK, "a device lives on when the browser signs out");
    house.later(5);
    assert_eq!(poll(&house, &device).await.error(), "invalid_grant", "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_refused_or_forgotten_gets_nothing() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (device, code) = begin(&house).await;
    browser.get("/device").await;
    browser.post("/device", &[("user_code", &code)]).await;
    browser.post("/device", &[("answer", "no")]).await;
    assert_eq!(poll(&house, &device).await.error(), "access_denied");
    let (late, _) = begin(&house).await;
    house.later(601);
    assert_eq!(poll(&house, &late).await.error(), "expired_token");
    assert_eq!(poll(&house, "a.b").await.error(), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn o16_whoever_guesses_codes_is_stopped_after_five() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (_, code) = begin(&house).await;
    browser.get("/device").await;
    for guess in ["BBBB-BBBB", "CCCC-CCCC", "DDDD-DDDD", "FFFF-FFFF", "GGGG-GGGG"] {
        let page = browser.post("/device", &[("user_code", guess)]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "O16 {guess}");
    }
    let page = browser.post("/device", &[("user_code", &code)]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "O16");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_ours_gets_nothing_before_its_owner_has_said_yes() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let back = ("redirect_uri", "kr.ondol.app:/back");
    let ask = asking(&[("client_id", "mobile"), back, ("scope", "openid profile")]);
    let page = browser.get(&ask).await;
    assert!(page.sent("code").is_none() && page.text.contains("Allow access?"), "{}", page.text);
    let no = browser.post("/consent", &[("answer", "no")]).await;
    assert_eq!(no.sent("error").as_deref(), Some("access_denied"));
    let forged = format!("{ask}&ondol_consent=yes&answer=yes");
    assert!(browser.get(&forged).await.sent("code").is_none(), "an address says yes for nobody");
    browser.get(&ask).await;
    let yes = browser.post("/consent", &[("answer", "yes")]).await;
    assert!(yes.location().starts_with("kr.ondol.app:/back?"), "{}", yes.location());
    assert!(yes.sent("code").is_some());
}
