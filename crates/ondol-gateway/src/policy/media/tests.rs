//! Bodies of types that are listed and of types that are not.

use super::*;

fn fits(pattern: &str, media: &str) -> bool {
    let pattern = Pattern::read(pattern).expect("a pattern");
    Media::read(media).is_some_and(|media| media.has_fit_charset() && pattern.fits(&media))
}

#[test]
fn a_body_is_of_a_type_that_is_listed() {
    assert!(fits("application/json", "application/json"));
    assert!(fits("application/json", "Application/JSON; charset=UTF-8"));
    assert!(fits("*+json", "application/vnd.bank.v2+json"));
    assert!(fits("application/*+json", "application/problem+json; charset=\"utf-8\""));
    assert!(fits("image/*", "image/png"));
    assert!(fits("*/*", "text/xml"));
    assert!(!fits("application/json", "text/xml"));
    assert!(!fits("application/json", "application/json-seq"));
    assert!(!fits("application/json", ""));
    assert!(!fits("image/*", "images/png"));
}

#[test]
fn json_has_one_encoding() {
    assert!(!fits("application/json", "application/json; charset=utf-16"));
    assert!(!fits("*/*", "application/vnd.bank+json; charset=latin1"));
    assert!(!fits("application/json", "application/json; charset=utf-8; charset=utf-16"));
    assert!(fits("text/*", "text/plain; charset=utf-16"), "text has many");
}

#[test]
fn what_is_no_type_is_no_pattern() {
    for text in ["json", "a/b/c", "*json", "a b/c", "/json", "application/", "application/*json"] {
        assert_eq!(Pattern::read(text), None, "{text}");
    }
}
