//! What is read is written as it was, and changed only where it is told.

use proptest::prelude::*;

use super::{Json, JsonError, Pointer};

fn json(text: &str) -> Json {
    Json::read(text.as_bytes()).expect("JSON")
}

fn place(text: &str) -> Pointer {
    Pointer::read(text).expect("a place")
}

fn text(json: &Json) -> String {
    String::from_utf8(json.to_bytes()).expect("text")
}

#[test]
fn numbers_keep_every_digit() {
    for number in
        ["12345678901234567890.000000000000000001", "1e400", "-0", "0.10", "9007199254740993"]
    {
        let written = format!("{{\"a\":[{number}]}}");
        assert_eq!(text(&json(&written)), written);
    }
    for not in ["01", "+1", "1.", ".5", "1e", "0x1", "NaN", "-"] {
        assert!(Json::read(not.as_bytes()).is_err(), "{not}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for not in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "\"\\x\"",
        "\"\n\"",
        "\"\\ud800\"",
        "tru",
        "1 2",
        "\"\\ud800\\u0041\"",
        "\"\\u+123\"",
        "\u{feff}{}",
    ] {
        assert!(Json::read(not.as_bytes()).is_err(), "{not}");
    }
    assert!(Json::read(b"\"\xff\"").is_err());
    assert_eq!(Json::read(b"{\"a\":1,\"\\u0061\":2}"), Err(JsonError::Twice));
    assert!(Json::read_leniently(b"{\"a\":1,\"a\":2}").is_ok());
    let deep = "[".repeat(100_000);
    assert_eq!(Json::read(deep.as_bytes()), Err(JsonError::TooDeep));
    assert_eq!(text(&json("\"\\ud83d\\ude00\\u0001\"")), "\"😀\\u0001\"");
}

#[test]
fn places_are_set_removed_renamed_and_picked() {
    let mut it = json(r#"{"a":{"b":1,"c":[{"d":1},{"d":2}]},"x~/y":3}"#);
    assert!(place("/a/new/deep").set(&mut it, &json("true")));
    assert!(place("/a/c/*/e").set(&mut it, &json("0")));
    assert!(!place("/a/b/under").set(&mut it, &json("0")), "a number has no members");
    assert!(!place("/a/c/7").set(&mut it, &json("0")), "arrays do not grow");
    place("/a/c/*/d").remove(&mut it);
    place("/x~0~1y").remove(&mut it);
    place("/a/b").rename(&mut it, "z");
    assert_eq!(text(&it), r#"{"a":{"z":1,"c":[{"e":0},{"e":0}],"new":{"deep":true}}}"#);
    let picked = Pointer::pick(&[place("/a/z"), place("/a/c/*/e")], &it);
    assert_eq!(text(&picked), r#"{"a":{"z":1,"c":[{"e":0},{"e":0}]}}"#);
    assert_eq!(place("/a/c/1/e").get(&it), Some(&json("0")));
    assert_eq!(place("/a/c/01/e").get(&it), None);
    assert!(Pointer::read("a").is_err() && Pointer::read("/~2").is_err());
}

#[test]
fn objects_are_joined_and_other_values_replaced() {
    let mut it = json(r#"{"a":{"b":1},"c":1}"#);
    it.join(json(r#"{"a":{"d":2},"c":[]}"#));
    assert_eq!(text(&it), r#"{"a":{"b":1,"d":2},"c":[]}"#);
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        "\\PC{0,8}".prop_map(Json::Text),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?(e-?[0-9]{1,3})?"
            .prop_map(|it| Json::Plain(it.into())),
        Just(Json::Plain("null".into())),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            proptest::collection::btree_map("[a-z~/\"\\\\]{0,3}", inner, 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(value in any_json()) {
        prop_assert_eq!(Json::read(&value.to_bytes()), Ok(value));
    }
}
