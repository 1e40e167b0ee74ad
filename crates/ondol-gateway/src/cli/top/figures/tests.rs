//! Figures between two looks.

use serde_json::json;

use super::between;

#[test]
fn a_route_is_told_by_what_has_happened_between_two_looks() {
    let look = |micros: u64, good: u64, bad: u64, slow: u64| {
        json!({
            "running_micros": micros,
            "routes": [{
                "name": "a",
                "answers": { "2xx": good, "5xx": bad },
                "buckets": [good + bad - slow, slow],
                "bucket_ends_micros": [500, 5000],
            }],
            "refusals_by_reason": { "gateway-no-route": good },
        })
    };
    let told = between(&look(0, 100, 0, 0), &look(2_000_000, 290, 10, 2));
    let route = &told["routes"][0];
    assert_eq!((&route["per_second"], &route["errors_percent"]), (&json!(100.0), &json!(5.0)));
    assert_eq!((&route["p50_ms"], &route["p99_ms"]), (&json!(0.5), &json!(0.5)));
    assert_eq!(told["refusals"]["gateway-no-route"], 95.0);
    let told = between(&look(0, 100, 0, 0), &look(1_000_000, 200, 0, 50));
    assert_eq!(
        (&told["routes"][0]["p50_ms"], &told["routes"][0]["p99_ms"]),
        (&json!(0.5), &json!(5.0))
    );
    let idle = between(&look(0, 100, 0, 0), &look(1_000_000, 100, 0, 0));
    assert!(idle["routes"][0]["p50_ms"].is_null());
}

#[test]
fn what_is_not_there_is_nothing_and_no_failure() {
    let told = between(&json!({}), &json!({ "routes": [{ "name": "a" }], "backends": [{}] }));
    assert_eq!(told["routes"][0]["per_second"], 0.0);
}
