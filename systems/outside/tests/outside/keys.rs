//! Idempotency keys as real providers honour them.

use http::Method;
use outside::{Change, Provider};
use serde_json::json;
use tokio::task::JoinSet;

use super::town::{Town, payment};

#[tokio::test]
async fn a_key_is_answered_alike_for_its_request_and_refused_for_another() {
    let town = Town::start().await;
    let first = town.client.post("/payment/payments", "k1", payment("o1", 5_000)).await;
    assert_eq!((first.status, first.is_replayed()), (201, false));
    let again = town.client.post("/payment/payments", "k1", payment("o1", 5_000)).await;
    assert_eq!((again.status, again.is_replayed()), (201, true));
    assert_eq!(again.body, first.body);
    let other = town.client.post("/payment/payments", "k1", payment("o1", 5_001)).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    let path = format!("/payment/payments/{}/capture", first.id());
    let elsewhere = town.client.post(&path, "k1", payment("o1", 5_000)).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (422, "idempotency_key_reused"));
    let counts = town.counts();
    assert_eq!((counts.effects, counts.replayed), (1, 1));
    town.stop().await;
}

#[tokio::test]
async fn a_request_that_comes_while_the_first_one_runs_is_in_conflict() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { latency_ms: Some(500), ..Change::default() });
    let (one, two) = tokio::join!(
        town.client.post("/payment/payments", "k", payment("o", 10)),
        town.client.post("/payment/payments", "k", payment("o", 10)),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let refused = if one.status == 409 { one } else { two };
    assert_eq!(refused.code(), "idempotency_key_in_use");
    town.stop().await;
}

#[tokio::test]
async fn a_hundred_at_once_under_one_key_have_one_effect() {
    let town = Town::start().await;
    let mut asking = JoinSet::new();
    for _ in 0..100 {
        let client = town.client.clone();
        asking.spawn(async move { client.post("/payment/payments", "k", payment("o", 10)).await });
    }
    let answers = asking.join_all().await;
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
    assert_eq!(town.counts().effects, 1);
    let listed = town.client.get("/payment/payments?reference=o").await;
    assert_eq!(listed.body["payments"].as_array().map(Vec::len), Some(1));
    town.stop().await;
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_stays_the_answer() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { refused_percent: Some(100), ..Change::default() });
    let refused = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((refused.status, refused.code()), (402, "card_declined"));
    town.world.mend(Provider::Payment);
    let again = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((again.status, again.is_replayed()), (402, true));
    let other = town.client.post("/payment/payments", "k2", payment("o", 10)).await;
    assert_eq!(other.status, 201);
    town.stop().await;
}

#[tokio::test]
async fn what_has_no_key_or_cannot_be_read_changes_nothing() {
    let town = Town::start().await;
    let client = &town.client;
    let post = |headers: &'static [(&str, &str)], body: String| async move {
        client.send(Method::POST, "/payment/payments", headers, body).await.expect("it answers")
    };
    let without = post(&[], payment("o", 1).to_string()).await;
    assert_eq!((without.status, without.code()), (400, "idempotency_key_missing"));
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let twice = client.send(Method::POST, "/payment/payments", &two, String::new()).await;
    assert_eq!(twice.expect("it answers").code(), "idempotency_key_malformed");
    for broken in ["", "{", r#"{"amount":1,"amount":2}"#] {
        let answer = post(&[("idempotency-key", "x")], broken.to_owned()).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_json"), "{broken}");
    }
    let long = format!("{{\"reference\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(post(&[("idempotency-key", "y")], long).await.status, 413);
    for wrong in [
        json!({ "amount": 1 }),
        json!({ "reference": "o", "amount": 0, "currency": "KRW", "means": "card-good" }),
        json!({ "reference": "o", "amount": 1.5, "currency": "KRW", "means": "card-good" }),
        json!({ "reference": "o", "amount": 1, "currency": "won", "means": "card-good" }),
        json!({ "reference": "o", "amount": 1, "currency": "KRW", "means": "cash" }),
        json!({ "reference": "o", "amount": 1, "currency": "KRW", "means": "card-x", "fee": 1 }),
    ] {
        let answer = client.post("/payment/payments", &wrong.to_string(), wrong.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_request"), "{wrong}");
    }
    assert_eq!(town.counts().effects, 0);
    town.stop().await;
}
