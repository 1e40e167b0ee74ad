//! Differences between two texts.

use serde_json::json;

use super::diff;

#[test]
fn a_difference_is_told_by_its_key() {
    let before =
        "workers = 1\n[routes.a]\nto = \"one\"\ntimeout = \"2s\"\n[backends.one]\nendpoints = []\n";
    let after =
        "workers = 1\n[routes.a]\nto = \"one\"\ntimeout = \"3s\"\n[routes.b]\nto = \"one\"\n";
    let told = diff(before, after);
    assert_eq!(
        told["changed"],
        json!([{ "key": "routes.a.timeout", "before": "\"2s\"", "after": "\"3s\"" }])
    );
    assert_eq!(told["added"], json!([{ "key": "routes.b.to", "value": "\"one\"" }]));
    assert_eq!(told["removed"], json!([{ "key": "backends.one.endpoints", "value": "[]" }]));
    assert_eq!(diff(before, before), json!({ "added": [], "removed": [], "changed": [] }));
}

#[test]
fn what_is_secret_is_not_shown() {
    let told = diff("client_secret = \"abc\"", "client_secret = \"xyz\"");
    assert!(!told.to_string().contains("abc") && !told.to_string().contains("xyz"), "{told}");
}
