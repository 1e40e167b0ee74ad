//! A moment is read as RFC 3339 has it, and as nothing else.

use ondol_kernel::Timestamp;

fn read(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::as_micros)
}

#[test]
fn what_rfc_3339_allows_is_read() {
    assert_eq!(read("1970-01-01T00:00:01Z"), Some(1_000_000));
    assert_eq!(read("1970-01-01t00:00:01z"), Some(1_000_000));
    assert_eq!(read("1970-01-01T09:00:01.5+09:00"), Some(1_500_000));
    assert_eq!(read("1969-12-31T18:30:00-05:30"), Some(0));
    assert_eq!(read("1970-01-01T00:00:00-00:00"), Some(0));
    assert_eq!(read("2024-02-29T00:00:00Z"), Some(1_709_164_800_000_000));
}

#[test]
fn a_fraction_may_be_of_any_length_and_is_cut_to_microseconds() {
    assert_eq!(read("1970-01-01T00:00:00.1Z"), Some(100_000));
    assert_eq!(read("1970-01-01T00:00:00.123456789Z"), Some(123_456));
    assert_eq!(read("1970-01-01T00:00:00.123456999999999999999999Z"), Some(123_456));
    assert_eq!(read("1969-12-31T23:59:59.9999999Z"), Some(-1), "cut, and not rounded up");
}

#[test]
fn a_leap_second_is_read_as_the_second_before_it() {
    assert_eq!(read("1990-12-31T23:59:60Z"), read("1990-12-31T23:59:59Z"));
    assert_eq!(read("1990-12-31T15:59:60.25-08:00"), read("1990-12-31T23:59:59.25Z"));
    assert_eq!(read("1990-12-31T22:59:60Z"), None, "there is none within a day");
}

#[test]
fn what_rfc_3339_does_not_allow_is_refused() {
    for text in [
        "2026-01-31 09:30:00Z",
        "2026-01-31T09:30Z",
        "2026-01-31T09Z",
        "20260131T093000Z",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00,5Z",
        "2026-01-31T09:30:00+09",
        "2026-01-31T09:30:00+0900",
        "2026-01-31T09:30:00+09:00:00",
        "2026-01-31T09:30:00+24:00",
        "2026-01-31T09:30:00+09:60",
        "2026-01-31T09:30:00+09:00[Asia/Seoul]",
        "2026-01-31T09:30:00Z[UTC]",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:30:61Z",
        "2026-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "+002026-01-31T09:30:00Z",
        "-000001-01-31T09:30:00Z",
        " 2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z ",
        "2026-01-31T09:30:00Z\n",
        "２026-01-31T09:30:00Z",
        "2026-W05-6T09:30:00Z",
    ] {
        assert_eq!(read(text), None, "{text:?} was taken for a moment");
    }
}

#[test]
fn the_years_0_to_9999_are_there_from_end_to_end() {
    for (text, micros) in [
        ("0000-01-01T00:00:00.000000Z", -62_167_219_200_000_000),
        ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ] {
        assert_eq!(read(text), Some(micros), "{text}");
        let moment = Timestamp::from_micros(micros).expect("it is in range");
        assert_eq!(moment.to_string(), text);
    }
    assert!(Timestamp::from_micros(-62_167_219_200_000_001).is_err());
    assert!(Timestamp::from_micros(253_402_300_800_000_000).is_err());
    assert_eq!(read("0000-01-01T00:00:00+00:01"), None, "that is before the year 0");
    assert_eq!(read("9999-12-31T23:59:59-00:01"), None, "that is after the year 9999");
}
