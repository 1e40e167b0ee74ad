//! Events are told without the name that their type says already.

use serde_json::json;

use super::*;

#[test]
fn an_event_is_told_without_the_name_of_its_variant() {
    assert_eq!(content(json!({ "Deposited": { "amount": 5 } })), json!({ "amount": 5 }));
    assert_eq!(content(json!("Closed")), json!({}));
}
