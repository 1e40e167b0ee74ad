//! What counts as small.

use super::Place;

fn small(at: &str, body: &str) -> bool {
    Place::read(at).expect("a place").is_small(body.as_bytes(), 1_000_000.0)
}

#[test]
fn an_amount_is_found_where_it_is_said_to_be() {
    for (at, body, expected) in [
        ("$.amount", r#"{"amount":1000000}"#, true),
        ("$.amount", r#"{"amount":1000001}"#, false),
        ("$.amount", r#"{"amount":"999999.99","currency":"KRW"}"#, true),
        ("$.amount", r#"{"amount":"1000000.01"}"#, false),
        ("$.amount", r#"{"amount":1e3}"#, true),
        ("$.amount", r#"{"amount":1e7}"#, false),
        ("$.amount", r#" { "note" : {"amount":9e9} , "amount" : 5 } "#, true),
        ("$.transfer.amount", r#"{"transfer":{"amount":"5"}}"#, true),
        ("$.transfer.amount", r#"{"transfer":{"amount":"5000000"},"amount":1}"#, false),
        ("$.amount", r#"{"\u0061mount":5}"#, true),
    ] {
        assert_eq!(small(at, body), expected, "{at} {body}");
    }
}

#[test]
fn whatever_could_be_read_in_another_way_counts_as_large() {
    for body in [
        "",
        "{}",
        "5",
        "null",
        "[]",
        r#"[{"amount":5}]"#,
        r#"{"amount":null}"#,
        r#"{"amount":true}"#,
        r#"{"amount":[5]}"#,
        r#"{"amount":{"amount":5}}"#,
        r#"{"amount":""}"#,
        r#"{"amount":"5 "}"#,
        r#"{"amount":"+5"}"#,
        r#"{"amount":"0x5"}"#,
        r#"{"amount":"5,0"}"#,
        r#"{"amount":"1_0"}"#,
        r#"{"amount":"NaN"}"#,
        r#"{"amount":"inf"}"#,
        r#"{"amount":NaN}"#,
        r#"{"amount":05}"#,
        r#"{"amount":1e400}"#,
        r#"{"amount":-5000000}"#,
        r#"{"amount":1000000.0000000000001}"#,
        r#"{"amount":5,"amount":5}"#,
        r#"{"amount":9999999,"amount":5}"#,
        r#"{"amount":5,"amount":9999999}"#,
        r#"{"amount":5,"AMOUNT":9999999}"#,
        r#"{"Amount":5}"#,
        r#"{"amount":5,"\u0061mount":9999999}"#,
        r#"{"amount":5}{"amount":9999999}"#,
        r#"{"amount":5} x"#,
        "\u{feff}{\"amount\":5}",
        r#"{"amount":5"#,
        "{'amount':5}",
        "{\"amount\":5,}",
        "{\"amount\":5} // five",
    ] {
        assert!(!small("$.amount", body), "{body}");
    }
    assert!(
        !Place::read("$.amount").expect("a place").is_small(b"{\"amount\":5,\"a\":\"\xff\"}", 1e6)
    );
}

#[test]
fn a_place_begins_at_the_outermost_object() {
    for text in ["amount", "$", "$.", "$..a", "$.a.", "$.a[0]", "$.a b", "$.*"] {
        assert!(Place::read(text).is_err(), "{text}");
    }
}
