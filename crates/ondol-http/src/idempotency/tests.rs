//! Once and for all, as a client sees it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;
use tokio::sync::Notify;
use tower::ServiceExt;

use super::*;

struct House {
    clock: Arc<ManualClock>,
    router: Router,
    effects: Arc<AtomicU32>,
    gate: Arc<Notify>,
}

impl House {
    fn new(options: IdempotencyOptions) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let book = Idempotency::new(options, Arc::<ManualClock>::clone(&clock));
        let (effects, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let (count, held) = (Arc::clone(&effects), Arc::clone(&gate));
        let fast = move |KeyedCommand(command): KeyedCommand, body: Bytes| {
            let count = Arc::clone(&count);
            async move {
                let times = count.fetch_add(1, Ordering::SeqCst) + 1;
                let status = match body.as_ref() {
                    b"fail" => StatusCode::INTERNAL_SERVER_ERROR,
                    b"no" => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::CREATED,
                };
                (status, [("ondol-position", "7")], format!("{command} {times}"))
            }
        };
        let slow = move || async move { held.notified().await };
        let router = Router::new()
            .route("/orders", post(fast))
            .route("/slow", post(slow))
            .layer(axum::middleware::from_fn_with_state(book, keyed_once));
        Self { clock, router, effects, gate }
    }

    async fn post(&self, path: &str, key: Option<&str>, body: &'static str) -> (u16, bool, String) {
        self.post_as("", path, key, body).await
    }

    async fn post_as(
        &self,
        who: &str,
        path: &str,
        key: Option<&str>,
        body: &'static str,
    ) -> (u16, bool, String) {
        let mut request = http::Request::post(path).extension(Principal(who.into()));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("it cannot fail");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("it is in memory").to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        (parts.status.as_u16(), parts.headers.contains_key(&REPLAYED), text)
    }
}

fn house() -> House {
    House::new(IdempotencyOptions::default())
}

#[tokio::test]
async fn without_a_key_nothing_is_changed() {
    let house = house();
    let (status, _, body) = house.post("/orders", None, "a").await;
    assert_eq!(status, 400);
    assert!(body.contains("idempotency-key-missing"), "found {body}");
    let long = "k".repeat(256);
    for key in ["", long.as_str(), "ké"] {
        assert_eq!(house.post("/orders", Some(key), "a").await.0, 400, "{key:?}");
    }
    assert_eq!(house.effects.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_has_one_effect() {
    let house = house();
    let first = house.post("/orders", Some("k1"), "a").await;
    let again = house.post("/orders", Some("k1"), "a").await;
    assert_eq!((first.0, first.1), (201, false));
    assert_eq!((again.0, again.1), (201, true));
    assert_eq!(first.2, again.2);
    assert_eq!(house.effects.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_is_replayed_but_a_failure_is_tried_again() {
    let house = house();
    for (body, status, effects) in [("no", 422, 1), ("fail", 500, 2)] {
        house.effects.store(0, Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(house.post("/orders", Some(body), body).await.0, status);
        }
        assert_eq!(house.effects.load(Ordering::SeqCst), effects, "{body}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_person() {
    let house = house();
    let kim = house.post_as("kim", "/orders", Some("k1"), "a").await;
    assert_eq!(house.post_as("kim", "/orders", Some("k1"), "b").await.0, 422);
    assert_eq!(house.post_as("kim", "/orders?x=1", Some("k1"), "a").await.0, 422);
    let lee = house.post_as("lee", "/orders", Some("k1"), "a").await;
    assert_eq!((lee.0, lee.1), (201, false));
    assert_ne!(kim.2.split(' ').next(), lee.2.split(' ').next(), "another command");
}

#[tokio::test]
async fn while_the_first_is_running_the_second_is_told_so() {
    let house = house();
    let mut first = Box::pin(house.post("/slow", Some("k1"), "a"));
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut first).await.is_err());
    assert_eq!(house.post("/slow", Some("k1"), "a").await.0, 409);
    house.gate.notify_one();
    assert_eq!(first.await.0, 200);
    assert_eq!(house.post("/slow", Some("k1"), "a").await, (200, true, String::new()));
}

#[tokio::test]
async fn a_client_that_hangs_up_can_ask_again() {
    let house = house();
    let mut first = Box::pin(house.post("/slow", Some("k1"), "a"));
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut first).await.is_err());
    drop(first);
    house.gate.notify_one();
    assert_eq!(house.post("/slow", Some("k1"), "a").await.0, 200);
}

#[tokio::test]
async fn answers_are_forgotten_after_a_day_and_when_there_are_too_many() {
    let house = House::new(IdempotencyOptions { keys_max: 2, ..IdempotencyOptions::default() });
    for key in ["k1", "k2", "k3"] {
        house.post("/orders", Some(key), "a").await;
    }
    assert!(house.post("/orders", Some("k3"), "a").await.1, "the newest is remembered");
    assert!(!house.post("/orders", Some("k1"), "a").await.1, "the oldest is not");
    house.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
    assert!(!house.post("/orders", Some("k3"), "a").await.1, "a day has passed");
}

#[tokio::test]
async fn the_same_key_derives_the_same_command_in_every_process() {
    let ids = |house: House| async move {
        let (_, _, body) = house.post_as("kim", "/orders", Some("k1"), "a").await;
        body.split(' ').next().map(str::to_owned)
    };
    assert_eq!(ids(house()).await, ids(house()).await);
}
