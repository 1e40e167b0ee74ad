//! What a fingerprint promises.

use super::Fingerprint;

#[test]
fn the_same_text_has_the_same_fingerprint_for_ever() {
    assert_eq!(Fingerprint::of("account").to_string(), Fingerprint::of("account").to_string());
    assert_ne!(Fingerprint::of("account"), Fingerprint::of("accounts"));
}

#[test]
fn a_fingerprint_is_read_as_it_was_written() {
    let written = Fingerprint::of("account");
    assert_eq!(written.to_string().parse(), Ok(written));
    let json = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), written);
}

#[test]
fn what_is_not_32_digits_is_not_a_fingerprint() {
    for text in ["", "abc", "+0000000000000000000000000000000", "g0000000000000000000000000000000"]
    {
        assert!(text.parse::<Fingerprint>().is_err(), "{text:?} was read");
    }
}
