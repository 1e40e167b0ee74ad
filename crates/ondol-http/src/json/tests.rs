//! What is refused, and what is not.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::*;

fn code_of<T: DeserializeOwned>(text: &[u8]) -> &'static str {
    read::<T>(text).err().map_or("fine", |problem| problem.code())
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "0x10",
        "NaN",
        "Infinity",
        "-",
        "nul",
        "True",
        "\"\\x41\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "[1 2]",
        "1 2",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[\"a\"",
        "\u{feff}{}",
        "//\n1",
        "/**/1",
        "{1:1}",
        "[1}",
        "\"\\u00G0\"",
        "\"",
        "\u{0}",
    ] {
        assert_eq!(code_of::<Value>(text.as_bytes()), "json-malformed", "{text:?}");
    }
    assert_eq!(code_of::<Value>(b"\"\xff\""), "json-malformed");
    assert_eq!(code_of::<Value>(b"\"\xc0\xaf\""), "json-malformed");
}

#[test]
fn a_key_that_stands_twice_is_refused_wherever_it_stands() {
    for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
        assert_eq!(code_of::<Value>(text.as_bytes()), "json-malformed", "{text}");
    }
    assert_eq!(code_of::<Value>(br#"{"a":{"a":1},"b":{"a":1}}"#), "fine");
}

#[test]
fn a_number_is_exact_or_refused() {
    for number in [
        "1e400",
        "-1e400",
        "18446744073709551616",
        "-9223372036854775809",
        "-0",
        "0.1234567890123456",
        "123456789012345678.5",
        "1e-400",
        "100000000000000000000000",
        "5e-324",
    ] {
        let text = format!("{{\"a\":[{number}]}}");
        assert_eq!(code_of::<Value>(text.as_bytes()), "json-malformed", "{number}");
    }
    for number in [
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
        "12.34",
        "0.0",
        "1e3",
    ] {
        assert_eq!(code_of::<Value>(number.as_bytes()), "fine", "{number}");
    }
    assert_eq!(code_of::<Value>(br#""1e400 \" -0""#), "fine", "digits in a text are a text");
    assert_eq!(read::<u64>(b"9007199254740993").ok(), Some(9_007_199_254_740_993));
}

#[test]
fn a_text_is_nested_only_so_deep() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(code_of::<Value>(nested(DEPTH_MAX).as_bytes()), "fine");
    assert_eq!(code_of::<Value>(nested(DEPTH_MAX + 1).as_bytes()), "json-malformed");
    assert_eq!(code_of::<Value>("[".repeat(100_000).as_bytes()), "json-malformed");
    assert_eq!(code_of::<Value>("{\"a\":".repeat(100_000).as_bytes()), "json-malformed");
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    amount: u32,
}

#[test]
fn what_was_not_asked_for_is_told_apart_from_what_is_not_json() {
    assert_eq!(read::<Asked>(br#"{"amount":5}"#).ok(), Some(Asked { amount: 5 }));
    assert_eq!(code_of::<Asked>(br#"{"amount":5,"role":"admin"}"#), "json-unknown-field");
    assert_eq!(code_of::<Asked>(br#"{"amount":"5"}"#), "json-unexpected");
    assert_eq!(code_of::<Asked>(br#"{"amount":-5}"#), "json-unexpected");
    assert_eq!(code_of::<Asked>(b"{}"), "json-unexpected");
}

#[test]
fn only_json_in_utf8_is_taken() {
    for taken in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(is_json(taken), "{taken}");
    }
    for refused in [
        "",
        "text/xml",
        "text/json",
        "application/json; charset=utf-16",
        "application/jsonx",
        "application/json; boundary=x",
        "application/x-www-form-urlencoded",
    ] {
        assert!(!is_json(refused), "{refused}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        drop(read::<Value>(&bytes));
    }

    #[test]
    fn what_is_taken_is_what_was_written(text in "[-0-9eE.\\[\\]{}\":, a\\\\]{0,30}") {
        if let Ok(value) = read::<Value>(text.as_bytes()) {
            let again = serde_json::to_vec(&value).expect("it is written");
            prop_assert_eq!(read::<Value>(&again).expect("and read"), value);
        }
    }
}
