//! The words of the house keep their rules.

use ondol_kernel::{
    CommandId, EventId, EventType, NAME_BYTES_MAX, Position, StreamId, StreamIdError, Tag,
    Timestamp, TraceParent, Version,
};
use proptest::prelude::*;

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).expect("these moments are in range")
}

#[test]
fn ids_sort_by_the_time_they_were_made() {
    let earlier = EventId::made_at(moment(1_700_000_000_000_000), [0xff; 10]);
    let later = EventId::made_at(moment(1_700_000_000_001_000), [0; 10]);
    assert!(earlier < later);
    assert!(earlier.to_string() < later.to_string());
}

#[test]
fn a_new_id_is_a_uuid_of_version_seven() {
    let id = EventId::made_at(moment(1_700_000_000_000_000), [0xab; 10]).to_string();
    assert_eq!(id.as_bytes()[14], b'7');
    assert!("89ab".contains(char::from(id.as_bytes()[19])));
}

#[test]
fn the_same_cause_derives_the_same_id_and_another_derives_another() {
    let cause = EventId::from_u128(7);
    let derived = CommandId::derived(cause, "freeze on fraud");
    assert_eq!(derived, CommandId::derived(cause, "freeze on fraud"));
    assert_ne!(derived, CommandId::derived(cause, "tell the customer"));
    assert_ne!(derived, CommandId::derived(EventId::from_u128(8), "freeze on fraud"));
}

#[test]
fn an_id_is_read_only_as_it_is_written() {
    let id = EventId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);
    assert_eq!(id.to_string().parse::<EventId>(), Ok(id));
    for text in
        ["", "1", "{01939d2e-0000-7000-8000-000000000001}", "01939d2e000070008000000000000001", "x"]
    {
        assert!(text.parse::<EventId>().is_err(), "{text:?} was taken for an id");
    }
}

#[test]
fn a_stream_is_named_by_its_kind_and_its_key() {
    let stream: StreamId = "account:kim:1".parse().expect("a stream");
    assert_eq!((stream.kind(), stream.key()), ("account", "kim:1"));
    assert!(!stream.is_internal());
    assert!(StreamId::new("$command", 1).expect("the house's own").is_internal());
}

#[test]
fn a_stream_is_named_alike_by_parts_and_whole_however_long_its_name() {
    // Names of up to 64 bytes are put together in another way than longer ones.
    for key in (1..90).flat_map(|length| ["k".repeat(length), "열".repeat(length.min(80))]) {
        let by_parts = StreamId::new("room", &key).expect("a stream");
        let whole: StreamId = format!("room:{key}").parse().expect("a stream");
        assert_eq!((&by_parts, by_parts.key()), (&whole, key.as_str()));
    }
    let numbered = StreamId::new("room", format_args!("{}-{}", 7, "k".repeat(70)));
    assert_eq!(numbered.expect("a stream").key(), format!("7-{}", "k".repeat(70)));
    for kind in ["a", &"a".repeat(63), &"a".repeat(64)] {
        let error = StreamId::new(kind, "").expect_err("it has no key");
        assert_eq!(error, StreamIdError::NoKey { found: format!("{kind}:") });
        assert_eq!(error, format!("{kind}:").parse::<StreamId>().expect_err("it has no key"));
    }
}

#[test]
fn what_does_not_name_a_stream_is_refused() {
    for name in [
        "",
        "account",
        ":kim",
        "account:",
        "Account:kim",
        "1account:kim",
        "-a:kim",
        "$:kim",
        "$$a:kim",
        "acc ount:kim",
        "계좌:kim",
        "account:k\nim",
        "account:k\u{0}im",
        "account:k\u{85}im",
    ] {
        assert!(name.parse::<StreamId>().is_err(), "{name:?} was taken for a stream");
    }
    let longest = format!("account:{}", "k".repeat(NAME_BYTES_MAX - 8));
    assert!(longest.parse::<StreamId>().is_ok());
    assert!(matches!(format!("{longest}k").parse::<StreamId>(), Err(StreamIdError::Name(_))));
    assert!(format!("{}:k", "a".repeat(65)).parse::<StreamId>().is_err());
}

#[test]
fn a_name_is_short_and_printable() {
    assert!(Tag::new("email:kim@example.kr").is_ok());
    assert!(Tag::new("이메일").is_ok());
    for text in ["", "a\tb", "a\u{7f}", "a\u{9f}"] {
        assert!(EventType::new(text).is_err(), "{text:?} was taken for a name");
    }
    assert!(Tag::new("t".repeat(NAME_BYTES_MAX)).is_ok());
    assert!(Tag::new("t".repeat(NAME_BYTES_MAX + 1)).is_err());
}

#[test]
fn counting_begins_at_one_and_nothing_comes_before_the_first() {
    assert_eq!(Version::EMPTY.next(), Version::new(1));
    assert_eq!(Position::START.previous(), None);
    assert_eq!(Position::new(5).plus(3), Position::new(8));
}

#[test]
#[should_panic(expected = "2^64")]
fn counting_does_not_wrap() {
    let _beyond = Position::new(u64::MAX).next();
}

#[test]
fn a_moment_is_written_in_utc_to_the_microsecond() {
    assert_eq!(moment(1).to_string(), "1970-01-01T00:00:00.000001Z");
    assert_eq!("2026-01-31T18:30:00+09:00".parse(), Ok(moment(1_769_851_800_000_000)));
    for text in ["", "yesterday", "2026-01-31", "2026-01-31T09:30:00", "2026-13-01T00:00:00Z"] {
        assert!(text.parse::<Timestamp>().is_err(), "{text:?} was taken for a moment");
    }
    assert!(Timestamp::from_micros(i64::MAX).is_err());
    assert!(Timestamp::from_micros(i64::MIN).is_err());
}

#[test]
fn a_clock_that_jumped_back_makes_no_negative_duration() {
    assert_eq!(moment(5).since(moment(9)), std::time::Duration::ZERO);
    assert_eq!(moment(9).since(moment(5)), std::time::Duration::from_micros(4));
}

#[test]
fn a_trace_context_is_read_strictly() {
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(text.parse::<TraceParent>().expect("the example of the standard").to_string(), text);
    for wrong in [
        "",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        assert!(wrong.parse::<TraceParent>().is_err(), "{wrong:?} was taken");
    }
}

proptest! {
    #[test]
    fn moments_and_ids_are_read_as_they_are_written(micros in -62_167_219_200_000_000_i64..253_402_207_200_000_000, bits in any::<u128>()) {
        prop_assert_eq!(moment(micros).to_string().parse(), Ok(moment(micros)));
        let id = EventId::from_u128(bits);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(EventId::from_bytes(id.into_bytes()), id);
        let json = serde_json::to_string(&id).expect("an id is written");
        prop_assert_eq!(serde_json::from_str::<EventId>(&json).expect("and read"), id);
    }

    #[test]
    fn ids_sort_as_their_texts_do(left in any::<u128>(), right in any::<u128>()) {
        let (left, right) = (EventId::from_u128(left), EventId::from_u128(right));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,60}") {
        drop(text.parse::<EventId>());
        drop(text.parse::<StreamId>());
        drop(text.parse::<Timestamp>());
        drop(text.parse::<TraceParent>());
        drop(text.parse::<ondol_kernel::Money>());
        drop(text.parse::<ondol_kernel::Currency>());
    }
}

#[test]
fn a_trace_context_that_is_made_can_be_read() {
    assert_eq!(TraceParent::new(0, 1, 0), None);
    assert_eq!(TraceParent::new(1, 0, 0), None);
    let made = TraceParent::new(u128::MAX, u64::MAX, u8::MAX).expect("neither id is zero");
    assert_eq!(made.to_string().parse(), Ok(made));
    assert_eq!((made.trace_id(), made.parent_id(), made.flags()), (u128::MAX, u64::MAX, u8::MAX));
}
