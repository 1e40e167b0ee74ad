//! What is kept, how much, and how it is shown.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use ondol_kernel::{CorrelationId, Timestamp, TraceParent};
use ondol_trace::{Ended, Keep as _, Kind, Piece, Told, Value, Waited, Why};
use tower::ServiceExt as _;

use super::{Hop, TraceQuestion, Traces, router};

fn context(trace: u128, span: u64) -> TraceParent {
    TraceParent::new(trace, span, 1).expect("neither is zero")
}

fn span(trace: u128, own: u64, parent: Option<u64>, begun_ms: i64) -> Ended {
    Ended {
        name: "command",
        kind: Kind::Internal,
        context: context(trace, own),
        parent,
        link: None,
        correlation: Some(CorrelationId::from_u128(trace)),
        begun: Timestamp::from_micros(begun_ms * 1_000).expect("a time"),
        long: Duration::from_millis(10),
        has_failed: false,
        waits: Vec::new(),
        fields: vec![("ondol.kind", Value::Text("account".to_owned()))],
        told: Vec::new(),
    }
}

fn piece(why: Why, spans: Vec<Ended>) -> Piece {
    Piece { why, spans, left_out: 0 }
}

#[test]
fn a_trace_is_a_tree_across_hops_that_nobody_waits_at() {
    let traces = Traces::within(1 << 20);
    traces.keep(piece(Why::Chosen, vec![span(1, 10, None, 0), span(1, 11, Some(10), 1)]));
    let mut later = span(1, 20, None, 50);
    later.link = Some(context(1, 11));
    traces.keep(piece(Why::Slow, vec![later, span(1, 21, Some(20), 51)]));
    traces.keep(piece(Why::Chosen, vec![span(1, 30, Some(77), 90)]));
    let tree = traces.tree(1).expect("it is kept");
    let [first, orphan] = &tree.roots[..] else { unreachable!("two roots: {tree:?}") };
    assert_eq!((first.hop, orphan.hop), (Hop::Root, Hop::Root));
    let command = &first.children[0];
    assert_eq!((command.hop, command.span.span_id.as_str()), (Hop::Parent, "000000000000000b"));
    let delivered = &command.children[0];
    assert_eq!((delivered.hop, delivered.after_ms), (Hop::Link, 50.0));
    assert_eq!(delivered.children[0].hop, Hop::Parent);
    assert_eq!(traces.tree(2), None);
}

#[test]
fn those_that_name_each_other_in_a_circle_are_shown_once_each() {
    let traces = Traces::within(1 << 20);
    let circle = vec![span(1, 1, Some(2), 0), span(1, 2, Some(1), 1), span(1, 3, Some(3), 2)];
    traces.keep(piece(Why::Chosen, circle));
    let tree = traces.tree(1).expect("it is kept");
    let shown = serde_json::to_string(&tree).expect("JSON");
    assert_eq!(shown.matches("span_id").count(), 3, "{shown}");
}

#[test]
fn no_number_of_good_ones_drives_out_one_that_went_wrong() {
    let traces = Traces::within(64 << 10);
    let mut wrong = span(1, 1, None, 0);
    wrong.has_failed = true;
    traces.keep(piece(Why::Failed, vec![wrong]));
    for trace in 2..10_000 {
        traces.keep(piece(Why::Chosen, vec![span(trace, 1, None, 1)]));
        assert!(traces.bytes() <= 64 << 10);
    }
    assert!(traces.tree(1).is_some());
    assert!(traces.tree(2).is_none() && traces.tree(9_999).is_some());
    let failed = traces.list(&TraceQuestion { failed: true, ..TraceQuestion::default() });
    assert_eq!(failed.len(), 1);
    assert!(failed[0].has_failed);
}

#[test]
fn a_piece_larger_than_all_there_is_room_for_is_not_kept() {
    let traces = Traces::within(1_024);
    traces.keep(piece(Why::Failed, (1..100).map(|own| span(1, own, None, 0)).collect()));
    assert_eq!(traces.bytes(), 0);
}

#[test]
fn traces_are_found_by_what_they_are_of() {
    let traces = Traces::within(1 << 20);
    for trace in 1..=60 {
        traces.keep(piece(Why::Chosen, vec![span(trace, 1, None, i64::try_from(trace).unwrap())]));
    }
    let usual = traces.list(&TraceQuestion::default());
    assert_eq!((usual.len(), usual[0].trace_id.ends_with("3c")), (50, true), "the newest first");
    let of_flow = TraceQuestion {
        correlation: Some(CorrelationId::from_u128(7)),
        ..TraceQuestion::default()
    };
    assert_eq!(traces.list(&of_flow).len(), 1);
    let named =
        |name: &str| TraceQuestion { name: Some(name.to_owned()), ..TraceQuestion::default() };
    assert_eq!(traces.list(&named("command account")).len(), 50);
    assert_eq!(traces.list(&named("saga")).len(), 0);
    let long = TraceQuestion { longer_ms: 11, ..TraceQuestion::default() };
    assert_eq!(traces.list(&long).len(), 0);
}

#[tokio::test]
async fn what_is_shown_is_masked_and_says_what_was_waited_for() {
    let traces = Traces::within(1 << 20);
    let mut wrong = span(0xabc, 1, None, 0);
    wrong.has_failed = true;
    wrong.waits = vec![Waited { what: "log", long: Duration::from_millis(8) }];
    wrong.fields.push(("authorization", Value::Text("Bearer 123".to_owned())));
    wrong.fields.push(("ondol.key", Value::Text("kim@example.com".to_owned())));
    wrong.told = vec![Told {
        after: Duration::from_millis(2),
        is_error: true,
        message: "010-1234-5678 does not answer".to_owned(),
    }];
    traces.keep(piece(Why::Failed, vec![wrong]));
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = router(&traces).oneshot(request).await.expect("it answers");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let (status, tree) = ask("/traces/00000000000000000000000000000abc").await;
    assert_eq!(status, StatusCode::OK);
    assert!(tree.contains(r#""waited_ms":{"log":8.0}"#), "{tree}");
    for secret in ["Bearer 123", "kim@", "010-1234"] {
        assert!(!tree.contains(secret), "{tree}");
    }
    let (status, list) = ask("/traces?failed=true&limit=5").await;
    assert_eq!(status, StatusCode::OK, "{list}");
    assert!(list.contains("command account"), "{list}");
    let (status, none) = ask("/traces/00000000000000000000000000000abd").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(none.contains("trace-not-kept"), "{none}");
    assert_eq!(ask("/traces?limit=many").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask("/traces/abc").await.0, StatusCode::NOT_FOUND);
}
