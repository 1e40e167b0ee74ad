//! A problem is what the standard says it is.

use http_body_util::BodyExt;
use ondol_kernel::Payload;

use super::*;

async fn told(problem: Problem) -> (StatusCode, http::HeaderMap, Value) {
    let (parts, body) = problem.into_response().into_parts();
    let body = body.collect().await.expect("it is in memory").to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).expect("it is JSON"))
}

#[tokio::test]
async fn a_refusal_is_told_with_its_sentence_and_its_values() {
    let refused = Refused {
        code: "account.not_enough_money".to_owned(),
        message: "only 700 KRW is available".to_owned(),
        data: Payload::json(r#"{"available":"700 KRW"}"#),
    };
    let (status, headers, body) = told(Problem::refused(&refused)).await;
    assert_eq!(status, 422);
    assert_eq!(headers["content-type"], "application/problem+json");
    let expected = serde_json::json!({
        "type": "urn:ondol:problem:refused",
        "title": "The answer is no.",
        "status": 422,
        "code": "refused",
        "detail": "Only 700 KRW is available.",
        "refusal": {
            "code": "account.not_enough_money",
            "data": { "available": "700 KRW" },
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_cannot_be_done_now_says_when_to_come_again() {
    let (status, headers, _) = told(Problem::unavailable()).await;
    assert_eq!((status.as_u16(), headers["retry-after"].as_bytes()), (503, b"1".as_slice()));
}
