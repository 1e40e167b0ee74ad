//! Every way to fail: set while it runs, with the effect that it says and no other.

use http::Method;
use outside::{Change, Provider};
use serde_json::{Value, json};

use super::town::{LONG, Town, payment, until};

#[tokio::test]
async fn what_fails_before_anything_is_done_can_be_asked_again() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { errors_percent: Some(100), ..Change::default() });
    let failed = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((failed.status, failed.code()), (500, "internal_error"));
    town.world.mend(Provider::Payment);
    town.set(Provider::Payment, &Change { is_out: Some(true), ..Change::default() });
    let out = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((out.status, out.code()), (503, "unavailable"));
    assert_eq!(town.counts().effects, 0);
    town.world.mend(Provider::Payment);
    let done = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((done.status, done.is_replayed()), (201, false));
    town.stop().await;
}

#[tokio::test]
async fn an_answer_that_was_lost_was_an_effect_and_is_had_by_asking_again() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { lost_percent: Some(100), ..Change::default() });
    let lost = town.client.try_post("/payment/payments", "k", &payment("o", 10)).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(town.counts().effects, 1);
    town.world.mend(Provider::Payment);
    let again = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((again.status, again.is_replayed()), (201, true));
    assert_eq!(town.counts().effects, 1);
    town.stop().await;
}

#[tokio::test]
async fn a_silent_provider_says_nothing_until_it_changes_and_then_breaks_off() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { silent_percent: Some(100), ..Change::default() });
    let body = payment("o", 10);
    let asking = town.client.try_post("/payment/payments", "k", &body);
    let mending = async {
        until(|| town.counts().silent == 1).await;
        town.world.mend(Provider::Payment);
    };
    let (answer, ()) = tokio::join!(asking, mending);
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(town.counts().effects, 0);
    let again = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!(again.status, 201);
    town.stop().await;
}

#[tokio::test]
async fn one_provider_fails_and_the_others_do_not() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { is_out: Some(true), ..Change::default() });
    assert_eq!(town.client.get("/payment/payments").await.status, 503);
    assert_eq!(town.client.get("/carrier/shipments").await.status, 200);
    assert_eq!(town.client.get("/cdn/files/tea.svg").await.status, 200);
    town.stop().await;
}

#[tokio::test]
async fn whoever_gives_up_waiting_leaves_the_key_free() {
    let town = Town::start().await;
    town.set(Provider::Payment, &Change { latency_ms: Some(60_000), ..Change::default() });
    let client = town.client.clone();
    let body = payment("o", 10);
    let asking = client.try_post("/payment/payments", "k", &body);
    let giving_up = until(|| town.counts().came == 1);
    tokio::select! {
        answer = asking => panic!("it takes a minute: {answer:?}"),
        () = giving_up => {}
    }
    town.world.mend(Provider::Payment);
    let asked_again = async {
        loop {
            let answer = town.client.post("/payment/payments", "k", payment("o", 10)).await;
            if answer.status != 409 {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(LONG, asked_again).await.expect("the key becomes free");
    assert_eq!((answer.status, town.counts().effects), (201, 1));
    town.stop().await;
}

#[tokio::test]
async fn everything_is_set_and_seen_over_http() {
    let town = Town::start().await;
    let send = |method: Method, path: &'static str, body: Value| {
        let client = town.client.clone();
        async move { client.send(method, path, &[], body.to_string()).await.expect("it answers") }
    };
    let change = json!({ "latency_ms": 3, "errors_percent": 7, "is_out": true });
    let set = send(Method::PATCH, "/control/carrier", change).await;
    assert_eq!((set.status, &set.body["behaviour"]["errors_percent"]), (200, &json!(7)));
    let all = town.client.get("/control").await;
    assert_eq!(all.body["carrier"]["behaviour"]["is_out"], true, "{}", all.text);
    assert_eq!(all.body["payment"]["behaviour"]["is_out"], false);
    assert_eq!(all.body.as_object().map(serde_json::Map::len), Some(5));
    let wrong = send(Method::PATCH, "/control/carrier", json!({ "errors_percent": 101 })).await;
    assert_eq!((wrong.status, wrong.code()), (422, "invalid"));
    let unknown = send(Method::PATCH, "/control/carrier", json!({ "speed": 1 })).await;
    assert_eq!(unknown.status, 400);
    let mended = send(Method::DELETE, "/control/carrier", Value::Null).await;
    assert_eq!(mended.body["behaviour"]["errors_percent"], 0);
    assert_eq!(town.client.get("/control/weather").await.status, 404);
    assert_eq!(town.client.get("/weather/today").await.status, 404);
    let put = send(Method::PUT, "/payment/payments", json!({})).await;
    assert_eq!((put.status, put.code()), (405, "no_such_method"));
    town.stop().await;
}
