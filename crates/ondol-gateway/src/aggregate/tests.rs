//! What fills a hole stays in it.

use super::{Hole, Template};

fn fill(template: &str, value: &str) -> Option<String> {
    let value = |_: &Hole| Some(value.to_owned());
    Template::read(template).expect("a template").fill(value)
}

#[test]
fn what_fills_a_hole_cannot_lead_elsewhere() {
    assert_eq!(fill("/users/{u:/id}", "a/b?c#d"), None, "a slash is none in a path");
    assert_eq!(fill("/users/{?id}", ".."), None);
    assert_eq!(fill("/users/{?id}/x", "."), None);
    assert_eq!(
        fill("/find?q={?q}", "a&b=c/d ü").as_deref(),
        Some("/find?q=a%26b%3Dc%2Fd%20%C3%BC")
    );
    assert_eq!(fill("/users/{id}/x", "7").as_deref(), Some("/users/7/x"));
}

#[test]
fn nothing_is_something_only_in_a_query() {
    let nothing = |_: &Hole| None;
    assert_eq!(Template::read("/a/{?id}").expect("one").fill(nothing), None);
    assert_eq!(Template::read("/a?n={?n}").expect("one").fill(nothing).as_deref(), Some("/a?n="));
    for not in ["a", "/{", "/{p:x}"] {
        assert!(Template::read(not).is_err(), "{not}");
    }
}
