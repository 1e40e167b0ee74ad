//! Several processes of one provider: what one has decided holds in all of them.

use http::{Method, StatusCode};
use serde_json::json;

use crate::browser::Browser;
use crate::house::House;
use crate::rights::{WHY, bearer, boss, role_at, roles};
use crate::{factors::enrol, house::claims};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_one_no_longer_wherever_he_asks() {
    let house = House::open_with("administrators = [\"boss@example.kr\", \"vice@example.kr\"]\n");
    let another = house.another("");
    let (_first, boss) = boss(&house).await;
    let mut vice = Browser::of(&house, "vice@example.kr").await;
    enrol(&mut vice).await;
    let vices = bearer(&mut vice, "openid roles").await;
    assert!(
        claims(&vices.token)["roles"].as_array().is_some_and(|all| all.contains(&json!("admin")))
    );
    let held = format!("/api/v1/users/{}/roles", vices.subject);
    let seen = another.api(Method::GET, &held, &vices.token, "").await;
    assert_eq!(seen.status, StatusCode::OK, "he is one: {}", seen.text);

    let place = role_at(&vices.subject, "admin");
    let taken = house.api(Method::DELETE, &place, &boss.token, WHY).await;
    assert_eq!(roles(&taken), ["user"], "{}", taken.text);
    // That process has heard of nothing, and his token still says so.
    assert!(another.is_active(&vices.token).await);
    for (method, place) in [(Method::GET, &held), (Method::PUT, &place)] {
        let answer = another.api(method, place, &vices.token, WHY).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{place}: {}", answer.text);
    }
    assert_eq!(roles(&house.api(Method::GET, &held, &boss.token, "").await), ["user"]);
}
