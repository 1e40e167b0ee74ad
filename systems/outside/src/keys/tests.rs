//! Keys: the same answer, another body, in progress, forgotten in the end.

use http::Method;
use ondol_kernel::Timestamp;
use serde_json::json;

use super::{KEYS_MAX, Kept, Keys, Known, RUNNING_MAX, fingerprint};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).expect("a time")
}

fn kept(key: &str, seconds: i64) -> Kept {
    let (key, fingerprint) = (key.to_owned(), "f".to_owned());
    Kept { key, fingerprint, at: at(seconds).as_micros(), status: 201, body: json!({}) }
}

#[test]
fn the_same_request_is_answered_alike_and_another_under_its_key_is_refused() {
    let mut keys = Keys::default();
    assert_eq!(keys.begin("k", "f", at(1)), Known::New);
    assert_eq!(keys.begin("k", "f", at(1)), Known::Running);
    assert_eq!(keys.begin("k", "g", at(1)), Known::Otherwise);
    keys.keep(kept("k", 1));
    assert_eq!(keys.begin("k", "f", at(2)), Known::Answered(201, json!({})));
    assert_eq!(keys.begin("k", "g", at(2)), Known::Otherwise);
}

#[test]
fn a_key_whose_request_was_given_up_can_be_used_again() {
    let mut keys = Keys::default();
    assert_eq!(keys.begin("k", "f", at(1)), Known::New);
    keys.give_up("k");
    assert_eq!(keys.begin("k", "g", at(1)), Known::New);
}

#[test]
fn keys_are_forgotten_after_a_day_and_when_there_are_too_many() {
    let mut keys = Keys::default();
    keys.keep(kept("old", 0));
    assert_eq!(keys.begin("old", "g", at(86_400)), Known::Otherwise);
    assert_eq!(keys.begin("old", "g", at(86_401)), Known::New);
    (0..=KEYS_MAX).for_each(|number| keys.keep(kept(&format!("k{number}"), 90_000)));
    assert_eq!(keys.all().count(), KEYS_MAX);
    assert_eq!(keys.begin("k0", "f", at(90_000)), Known::New);
    assert!(matches!(keys.begin("k1", "f", at(90_000)), Known::Answered(..)));
}

#[test]
fn only_so_much_runs_at_once() {
    let mut keys = Keys::default();
    (0..RUNNING_MAX).for_each(|number| {
        assert_eq!(keys.begin(&number.to_string(), "f", at(1)), Known::New);
    });
    assert_eq!(keys.begin("more", "f", at(1)), Known::Full);
}

#[test]
fn requests_that_differ_in_anything_have_other_fingerprints() {
    let one = fingerprint(&Method::POST, &["payments"], b"{}");
    assert_ne!(one, fingerprint(&Method::POST, &["payments", "x"], b"{}"));
    assert_ne!(one, fingerprint(&Method::POST, &["payments"], b"{ }"));
    assert_eq!(one.len(), 64);
}
