//! JSON that means one thing, and what is taken for JSON elsewhere.

use super::*;

#[test]
fn json_that_means_one_thing_is_read() {
    let value = parse(br#" {"a":[1,-2,3.5,"x\"{",null,true],"b":{"a":18446744073709551615}} "#);
    let value = value.expect("JSON");
    assert_eq!(value["b"]["a"], u64::MAX);
    assert_eq!(value["a"][3], "x\"{");
}

#[test]
fn what_could_mean_two_things_or_nothing_is_not() {
    for (text, wrong) in [
        (r#"{"a":1,"a":2}"#, NotJson::Twice),
        (r#"{"b":[{"a":1,"\u0061":1}]}"#, NotJson::Twice),
        ("18446744073709551616", NotJson::Inexact),
        (r#"{"amount":-9223372036854775809}"#, NotJson::Inexact),
        ("1e400", NotJson::Malformed),
        ("", NotJson::Malformed),
        ("\u{feff}{}", NotJson::Malformed),
        ("{} {}", NotJson::Malformed),
        (r#""\ud800""#, NotJson::Malformed),
        ("{\"a\":1,}", NotJson::Malformed),
        ("NaN", NotJson::Malformed),
        ("01", NotJson::Malformed),
        ("'a'", NotJson::Malformed),
    ] {
        assert_eq!(parse(text.as_bytes()), Err(wrong), "{text}");
    }
    assert_eq!(parse(b"\"\xff\""), Err(NotJson::Malformed));
    let deep = "[".repeat(100_000);
    assert_eq!(parse(deep.as_bytes()), Err(NotJson::Malformed));
}

#[test]
fn a_long_number_in_a_text_is_a_text() {
    assert!(
        parse(br#"{"a":"123456789012345678901234567890","b\\":"\\\"99999999999999999999"}"#)
            .is_ok()
    );
}

#[test]
fn a_parameter_is_a_number_only_if_all_of_it_is() {
    assert_eq!(number("12"), Some(12.into()));
    assert_eq!(number("-1.5"), Some((-1.5).into()));
    for text in ["", " 1", "1 ", "+1", "0x10", "1_0", "NaN", "1e999", "[1]", "\"1\""] {
        assert_eq!(number(text), None, "{text}");
    }
}
