//! Letters: the carrier's own signature is believed, and nothing else is.

use std::time::Duration;

use ondol_kernel::Timestamp;

use super::is_signed;

const SECRET: &str = "a secret for letters, in tests";
const BODY: &[u8] = br#"{"id":"1"}"#;
const AGE: Duration = Duration::from_secs(300);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).expect("a time")
}

#[test]
fn a_letter_is_believed_for_a_while_and_neither_before_nor_after() {
    let said = outside::signature(SECRET, 1_000_000, BODY);
    let believed = |now| is_signed(SECRET, &said, BODY, at(now), AGE);
    assert!(believed(1_000_000) && believed(1_000_300) && believed(999_700));
    assert!(!believed(1_000_301) && !believed(999_699));
}

#[test]
fn whatever_is_changed_is_not_believed() {
    let said = outside::signature(SECRET, 1_000_000, BODY);
    let believed = |secret, said: &str, body| is_signed(secret, said, body, at(1_000_000), AGE);
    assert!(!believed(SECRET, &said, br#"{"id":"2"}"#));
    assert!(!believed("another secret of sixteen", &said, BODY));
    assert!(!believed(SECRET, &said.replace("t=1000000", "t=1000001"), BODY));
    let short = outside::signature("short", 1_000_000, BODY);
    assert!(!believed("short", &short, BODY), "a secret anybody can guess proves nothing");
    for odd in ["", "t=1000000", "v1=00", "t=x,v1=00", "t=1000000,v1=", "t=1000000,v1=zz"] {
        assert!(!believed(SECRET, odd, BODY), "{odd}");
    }
    let cut = &said[..said.len() - 2];
    assert!(!believed(SECRET, cut, BODY));
}
