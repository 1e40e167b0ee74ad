//! What operators ask and say.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::objectives::Objective;

fn watch() -> Watch {
    let objective = Objective {
        name: "orders".to_owned(),
        route: None,
        method: None,
        target_per_million: 990_000,
        within_ms: None,
    };
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    Watch::new(vec![objective], clock, String::new)
}

async fn ask(router: &Router, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let request = request.body(Body::from(body.to_string())).expect("a request");
    let answer = router.clone().oneshot(request).await.expect("it never fails");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn somebody_keeps_silent_for_a_while_and_no_longer() {
    let router = router(&watch());
    let wanted = json!({ "objective": "orders", "minutes": 5, "who": "kim", "why": "a test" });
    let (status, made) = ask(&router, "POST", "/silences", &wanted).await;
    assert_eq!((status, &made["until"]), (201, &"1970-01-01T00:05:00.000000Z".into()));
    let (_, all) = ask(&router, "GET", "/silences", &Value::Null).await;
    assert_eq!(all, json!([made]));
    let (status, _) = ask(&router, "DELETE", "/silences?objective=orders", &Value::Null).await;
    assert_eq!(status, 204);
    let (status, gone) = ask(&router, "DELETE", "/silences?objective=orders", &Value::Null).await;
    assert_eq!((status, &gone["code"]), (404, &"objective-silence-unknown".into()));
}

#[tokio::test]
async fn what_does_not_say_enough_is_refused_with_the_reason() {
    let router = router(&watch());
    for (wanted, reason) in [
        (json!({ "who": "", "why": "a test" }), "who wants it"),
        (json!({ "who": "kim", "why": "a test", "minutes": 0 }), "ends by itself"),
        (json!({ "who": "kim", "why": "a test", "minutes": u64::MAX }), "ends by itself"),
        (json!({ "who": "kim", "why": "a test", "objective": "reads" }), "\"reads\""),
    ] {
        let (status, said) = ask(&router, "POST", "/silences", &wanted).await;
        assert_eq!((status, &said["code"]), (422, &"objective-silence".into()), "{wanted}");
        assert!(said["detail"].as_str().is_some_and(|detail| detail.contains(reason)), "{said}");
    }
    let (status, _) =
        ask(&router, "POST", "/silences", &json!({ "who": "kim", "why": "a test" })).await;
    assert_eq!(status, 201, "about all, for an hour");
}
