//! Mutated descriptions, requests and bodies.

use std::cell::RefCell;
use std::collections::HashMap;

use http::{HeaderMap, Method};
use serde_json::Value;

use super::document::{Document, Match, read_document};
use super::{TOLD_MAX, Violation, strict};
use crate::fuzz::run;

/// What stands between a description, a request and its body.
const BETWEEN: &str = "\n===\n";
/// Descriptions that are remembered: reading one again and again is most of the work.
const KNOWN_MAX: usize = 256;

#[test]
fn fuzz_openapi() {
    let words = [
        "\"type\":\"integer\"",
        "\"$ref\":\"#/components/schemas/A\"",
        "\"pattern\":\"^(a|b)*$\"",
        "\"required\":[\"a\"]",
        "\"additionalProperties\":false",
        "\"in\":\"query\"",
        "{id}",
        "%2",
        "&a=",
        "\\u0061",
        "18446744073709551616",
        "[[[[",
        "null",
        ",",
        "~1",
        "\n===\n",
    ];
    let known: RefCell<HashMap<Vec<u8>, Result<Document, String>>> = RefCell::default();
    run("openapi", &words, |input| {
        let text = String::from_utf8_lossy(input);
        let mut parts = text.splitn(3, BETWEEN);
        let mut next = || parts.next().unwrap_or_default();
        let (description, request, body) = (next(), next(), next());
        assert_strict(body.as_bytes());
        let mut known = known.borrow_mut();
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        let document = known.entry(description.as_bytes().to_vec()).or_insert_with(|| {
            read_document(description.as_bytes(), None).map_err(|wrong| {
                assert!(!wrong.is_empty() && wrong.len() <= TOLD_MAX, "{wrong:?}");
                wrong[0].chars().filter(char::is_ascii_lowercase).take(40).collect()
            })
        });
        match document {
            Ok(document) => judged(document, request, body),
            Err(wrong) => wrong.clone(),
        }
    });
}

/// Whatever is taken for JSON is JSON to others too, and means the same.
fn assert_strict(text: &[u8]) {
    if let Ok(value) = strict::parse(text) {
        let plain: Value = serde_json::from_slice(text).expect("JSON");
        assert_eq!(value, plain);
        let again = serde_json::to_vec(&value).expect("JSON");
        assert_eq!(strict::parse(&again), Ok(value), "{}", String::from_utf8_lossy(text));
    }
}

fn judged(document: &Document, request: &str, body: &str) -> String {
    let mut parts = request.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_default();
    let (method, target, partner) = (next(), next(), next());
    let Ok(method) = Method::from_bytes(method.as_bytes()) else { return "no method".to_owned() };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (operation, values) = match document.find(&method, path) {
        Match::Operation(operation, values) => (operation, values),
        Match::OtherMethod => return "another method".to_owned(),
        Match::Nothing => return "nothing".to_owned(),
    };
    let mut headers = HeaderMap::new();
    if let Ok(partner) = partner.parse() {
        headers.insert("x-partner", partner);
    }
    let mut violations = Vec::new();
    operation.judge_parameters(&values, query, &headers, &mut violations);
    if let Some(rule) = &operation.body
        && let Some((_, Some(schema))) = rule.contents.first()
        && let Ok(value) = strict::parse(body.as_bytes())
    {
        let before = violations.len();
        schema.judge(&value, "body", "", &mut violations);
        if before < TOLD_MAX {
            assert_eq!(schema.allows(&value), violations.len() == before, "{violations:?}");
        }
    }
    assert!(violations.len() <= TOLD_MAX, "{violations:?}");
    let said = violations.iter().map(|Violation { place, rule, .. }| format!("{place} {rule}"));
    said.collect::<Vec<_>>().join(", ")
}
