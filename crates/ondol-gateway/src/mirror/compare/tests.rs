//! In which fields made-up answers differ.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{Answer, Fields};

fn answer(status: &str, body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Answer { status: status.to_owned(), headers, body: Some(Bytes::from(body.to_owned())) }
}

fn differing(one: &Answer, other: &Answer, ignore: &[&str]) -> Vec<String> {
    let ignore: Vec<_> = ignore.iter().map(|it| (*it).to_owned()).collect();
    let headers = [HeaderName::from_static("content-type")];
    let fields = |answer| Fields::of(answer, &headers, &ignore);
    fields(one).against(&fields(other)).into_keys().collect()
}

#[test]
fn fields_are_told_by_their_paths_without_the_places_in_arrays() {
    let one = answer("200", r#"{"id":1,"items":[{"price":1},{"price":2}],"owner":{"name":"kim"}}"#);
    let two = answer("200", r#"{"id":1,"items":[{"price":1},{"price":3}],"owner":{"name":"lee"}}"#);
    assert_eq!(differing(&one, &two, &[]), ["$.items[].price", "$.owner.name"]);
    assert_eq!(differing(&one, &two, &["$.owner"]), ["$.items[].price"]);
    assert_eq!(differing(&one, &two, &["$.items[].price", "$.owner.na"]), ["$.owner.name"]);
    assert!(differing(&one, &one, &[]).is_empty());
}

#[test]
fn what_is_missing_null_or_of_another_kind_differs() {
    for (one, other, field) in [
        (r#"{"a":1}"#, r"{}", "$"),
        (r#"{"a":null,"b":1}"#, r#"{"b":1}"#, "$.a"),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, "$.a"),
        (r#"{"a":1}"#, r#"{"a":1.0}"#, "$.a"),
        (r#"{"a":[]}"#, r#"{"a":[1]}"#, "$.a"),
        (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, "$.a[]"),
    ] {
        let found = differing(&answer("200", one), &answer("200", other), &[]);
        assert!(found.iter().any(|found| found == field), "{one} {other}: {found:?}");
    }
}

#[test]
fn the_order_of_keys_and_the_space_between_them_are_nothing() {
    let (one, two) = (answer("200", r#"{"a":1,"b":2}"#), answer("200", "{ \"b\": 2,\n\"a\": 1 }"));
    assert!(differing(&one, &two, &[]).is_empty());
}

#[test]
fn status_headers_and_bodies_that_are_no_json_are_fields_of_their_own() {
    let (one, two) = (answer("200", "hello"), answer("404", "world"));
    assert_eq!(differing(&one, &two, &[]), ["body", "status"]);
    let mut other = one.clone();
    other.headers.insert("content-type", HeaderValue::from_static("text/html"));
    assert_eq!(differing(&one, &other, &[]), ["header:content-type"]);
    other.headers.clear();
    assert_eq!(differing(&one, &other, &[]), ["header:content-type"]);
}

proptest! {
    #[test]
    fn any_two_bytes_are_compared_and_nothing_differs_from_itself(one in ".{0,80}", other in ".{0,80}") {
        let (one, other) = (answer("200", &one), answer("200", &other));
        prop_assert!(differing(&one, &one, &[]).is_empty());
        prop_assert_eq!(differing(&one, &other, &[]), differing(&other, &one, &[]));
    }
}
