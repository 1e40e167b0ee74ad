//! Signing out and taking tokens back: J19.

use http::StatusCode;

use crate::browser::Browser;
use crate::house::House;

async fn tokens(browser: &mut Browser<'_>) -> (String, String, String) {
    let code = browser.code().await;
    let tokens = browser.house.redeem(&code).await.json();
    let of = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    (of("access_token"), of("refresh_token"), of("id_token"))
}

fn logout(hint: &str, back: &str) -> String {
    let mut pairs = vec![("post_logout_redirect_uri", back), ("state", "x")];
    if !hint.is_empty() {
        pairs.push(("id_token_hint", hint));
    }
    format!("/oauth2/logout?{}", serde_urlencoded::to_string(pairs).expect("a query"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_signs_its_user_out_and_everything_of_the_sign_in_ends() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (access, refresh, id) = tokens(&mut browser).await;
    assert!(house.is_active(&access).await);
    house.later(301);
    let answer = browser.get(&logout(&id, "https://app.example/bye")).await;
    assert_eq!(answer.location(), "https://app.example/bye?state=x");
    assert!(!house.is_active(&access).await);
    assert_eq!(house.refresh(&refresh).await.error(), "invalid_grant");
    assert!(!browser.get("/account").await.text.contains("kim@example.kr"));
}

#[tokio::test(flavor = "multi_thread")]
async fn j19_an_access_token_ends_with_its_sign_in() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (access, _, _) = tokens(&mut browser).await;
    assert_eq!(house.userinfo(&access).await.status, StatusCode::OK);
    browser.get("/account").await;
    browser.post("/account", &[("change", "sign-out")]).await;
    assert_eq!(house.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    assert!(!house.is_active(&access).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_sign_somebody_out_or_send_him_away() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (_, _, id) = tokens(&mut browser).await;
    let page = browser.get("/oauth2/logout").await;
    assert!(page.text.contains("Do you want to sign out?"));
    assert!(browser.get("/account").await.text.contains("kim@example.kr"), "only asked");
    for hint in ["", id.as_str()] {
        let away = browser.get(&logout(hint, "https://evil.example/")).await;
        assert_eq!((away.status, away.location().as_str()), (StatusCode::BAD_REQUEST, ""));
    }
    let mut forged = id.clone();
    forged.truncate(id.len() - 6);
    let answer = browser.get(&logout(&forged, "https://app.example/bye")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    browser.get("/oauth2/logout").await;
    let left = browser.post("/oauth2/logout", &[]).await;
    assert!(left.text.contains("You are signed out"), "{}", left.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_takes_back_its_own_tokens_and_no_others() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    for by_access in [true, false] {
        let (access, refresh, _) = tokens(&mut browser).await;
        let token = if by_access { &access } else { &refresh };
        let other = house.form("/oauth2/revoke", "mobile", &[("token", token)]).await;
        assert_eq!(other.status, StatusCode::OK);
        assert!(house.is_active(&access).await, "another client's word is nothing");
        let own = house.form("/oauth2/revoke", "web", &[("token", token)]).await;
        assert_eq!(own.status, StatusCode::OK);
        assert!(!house.is_active(&access).await);
        assert_eq!(house.refresh(&refresh).await.error(), "invalid_grant");
    }
    let (access, refresh, _) = tokens(&mut browser).await;
    let (grant, _) = refresh.split_once('.').expect("a grant and a secret");
    assert!(
        crate::house::claims(&access)["jti"].as_str().is_some_and(|name| name.starts_with(grant))
    );
    house.form("/oauth2/revoke", "web", &[("token", &format!("{grant}.guess"))]).await;
    assert!(house.is_active(&access).await, "a grant's name stands in tokens and proves nothing");
    let unknown = house.form("/oauth2/revoke", "web", &[("token", "guess")]).await;
    assert_eq!(unknown.status, StatusCode::OK);
    let answer = house.form("/oauth2/introspect", "web", &[("token", "x")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "not every client may look at tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn j19_a_client_takes_back_the_token_that_it_was_given_for_itself_in_every_process() {
    let house = House::open();
    let another = house.another("");
    let asked = house.form("/oauth2/token", "atm", &[("grant_type", "client_credentials")]).await;
    let token = asked.json()["access_token"].as_str().expect("a token").to_owned();
    assert!(house.is_active(&token).await && another.is_active(&token).await);
    let done = house.form("/oauth2/revoke", "atm", &[("token", &token)]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(!house.is_active(&token).await, "J19 here");
    assert!(!another.is_active(&token).await, "J19 where nobody was asked to take it back");
}

#[tokio::test(flavor = "multi_thread")]
async fn j19_an_access_token_ends_with_its_sign_in_in_every_process() {
    let house = House::open();
    let another = house.another("");
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (access, refresh, _) = tokens(&mut browser).await;
    assert!(another.is_active(&access).await);
    assert_eq!(another.userinfo(&access).await.status, StatusCode::OK);
    browser.get("/account").await;
    browser.post("/account", &[("change", "sign-out")]).await;
    assert!(!another.is_active(&access).await, "J19");
    assert_eq!(another.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "J19");
    assert_eq!(another.refresh(&refresh).await.error(), "invalid_grant", "J19");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_signs_out_at_the_client_that_it_was_given_to() {
    let house = House::open();
    let mut browser = Browser::of(&house, "kim@example.kr").await;
    let (_, _, id) = tokens(&mut browser).await;
    let other = format!("/oauth2/logout?id_token_hint={id}&client_id=mobile");
    assert_eq!(browser.get(&other).await.status, StatusCode::BAD_REQUEST, "of another client");
    assert!(browser.get("/account").await.text.contains("kim@example.kr"), "still signed in");
    let own = format!("{}&client_id=web", logout(&id, "https://app.example/bye"));
    assert_eq!(browser.get(&own).await.location(), "https://app.example/bye?state=x");
}
