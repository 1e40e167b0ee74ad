//! Names that are no names are refused with an error that says what was found.

use ondol_kernel::{Actor, ContentType, EventType, NameProblem, StreamId, Tag, Tenant};

#[test]
fn a_name_with_a_control_character_is_refused_where_it_stands() {
    for bad in ["a\0", "a\n", "a\r\n", "a\t", "a\u{1b}[31m", "a\u{7f}", "a\u{80}", "a\u{9f}"] {
        let problem = EventType::new(bad).expect_err("it has a control character").problem;
        assert_eq!(problem, NameProblem::Control { at: 1 }, "of {bad:?}");
        assert!(Tag::new(bad).is_err() && Actor::new(bad).is_err() && Tenant::new(bad).is_err());
        assert!(bad.parse::<ContentType>().is_err());
        let error = StreamId::new("thing", bad).expect_err("it has a control character");
        assert_eq!(error.code(), "name-control-character");
    }
    let late = EventType::new("\u{d55c}\u{ae00}\n").expect_err("it has a control character");
    assert_eq!(late.problem, NameProblem::Control { at: 6 });
}

#[test]
fn a_name_of_255_bytes_is_taken_and_one_more_is_refused() {
    assert!(EventType::new("x".repeat(255)).is_ok());
    let error = EventType::new("x".repeat(256)).expect_err("it is too long");
    assert_eq!(error.problem, NameProblem::TooLong { bytes: 256 });
    assert_eq!(error.code(), "name-too-long");
    // Bytes, not letters: 85 of these have 255.
    assert!(Tag::new("\u{ac00}".repeat(85)).is_ok());
    assert!(Tag::new("\u{ac00}".repeat(86)).is_err());
}

#[test]
fn the_longest_name_of_a_stream_counts_its_kind() {
    assert!(StreamId::new("thing", "x".repeat(255 - 6)).is_ok());
    let error = StreamId::new("thing", "x".repeat(255 - 5)).expect_err("it is too long");
    assert_eq!(error.code(), "name-too-long");
}

#[test]
fn a_name_without_letters_is_refused() {
    assert_eq!(EventType::new("").expect_err("it is empty").code(), "name-empty");
    assert_eq!("".parse::<StreamId>().expect_err("it is empty").code(), "name-empty");
}

#[test]
fn a_stream_has_a_kind_and_a_key() {
    let code = |name: &str| name.parse::<StreamId>().expect_err("it is no stream's name").code();
    assert_eq!(code("account"), "stream-without-kind");
    assert_eq!(code("account:"), "stream-without-key");
    assert_eq!(code(":1"), "stream-kind-invalid");
    for kind in ["Account", "1account", "a ccount", "a/b", "$", "$1", "a$", "\u{ae40}", "_a"] {
        assert_eq!(code(&format!("{kind}:1")), "stream-kind-invalid", "of {kind:?}");
    }
    assert_eq!(code(&format!("{}:1", "k".repeat(65))), "stream-kind-invalid");
    assert!(format!("{}:1", "k".repeat(64)).parse::<StreamId>().is_ok());
}

#[test]
fn an_error_about_a_name_is_one_line_that_says_what_was_found() {
    let error = StreamId::new("Account", "1").expect_err("the kind is upper case");
    assert_eq!(
        error.to_string(),
        "the kind of a stream is 1 to 64 lower case letters, digits, '.', '_' or '-', from a \
         letter on, found \"Account\""
    );
    let error = "account\n1".parse::<StreamId>().expect_err("it has a line break");
    assert_eq!(error.to_string(), "the name of a stream has a control character at byte 7");
}

#[test]
fn a_name_with_a_character_that_cannot_be_seen_is_refused() {
    let unseen = [
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{206a}',
        '\u{feff}',
        '\u{fff9}',
        '\u{fdd0}',
        '\u{fffe}',
        '\u{1ffff}',
        '\u{e0001}',
        '\u{e0061}',
        '\u{10ffff}',
    ];
    for character in unseen {
        let bad = format!("a{character}b");
        let problem = Actor::new(bad.as_str()).expect_err("it cannot be seen").problem;
        assert_eq!(problem, NameProblem::Unseen { at: 1 }, "of {bad:?}");
        let error = StreamId::new("thing", &bad).expect_err("it cannot be seen");
        assert_eq!(error.code(), "name-unseen-character");
    }
}

#[test]
fn names_in_any_script_are_taken() {
    // Joiners belong to the spelling of Persian and of many emoji.
    for good in ["김민지", "Łukasz", "می\u{200c}خواهم", "👩\u{200d}🔬", "e\u{301}", "a b"]
    {
        assert!(Actor::new(good).is_ok(), "{good:?} was refused");
    }
}

#[test]
fn a_kind_does_not_end_at_a_colon_of_its_own() {
    let error = StreamId::new("account:kim", "1").expect_err("a kind has no colon");
    assert_eq!(error.code(), "stream-kind-invalid");
    assert_eq!(StreamId::new("account", "kim:1").expect("a key may").key(), "kim:1");
}
