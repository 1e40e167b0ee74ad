//! A line shows what is harmless and not too long.

use super::*;

#[test]
fn data_cannot_move_the_cursor_of_a_terminal() {
    let data = Payload::json("\"\u{1b}[2J\u{7} \u{9b}31m \n\"");
    let found = shown(&data);
    assert!(!found.chars().any(char::is_control), "found {found:?}");
    assert!(found.contains("\\u{1b}[2J"), "found {found}");
}

#[test]
fn long_data_is_cut_between_letters() {
    let found = shown(&Payload::json("\u{d55c}".repeat(500)));
    assert_eq!(found.chars().count(), DATA_CHARACTERS + 1);
    assert!(found.ends_with('…'));
}

#[test]
fn data_that_is_no_text_is_named() {
    assert_eq!(shown(&Payload::json(vec![0xff, 0xfe])), "<application/json, 2 bytes>");
    let avro = Payload {
        content_type: "application/avro".parse().expect("a good media type"),
        bytes: vec![1, 2, 3].into(),
    };
    assert_eq!(shown(&avro), "<application/avro, 3 bytes>");
}
