//! Words for people.

use super::*;

const KNOWN: [&str; 3] = ["clippy", "nextest", "tidy"];

#[test]
fn a_misspelt_name_is_guessed() {
    let error = unknown("step", "cliipy", &KNOWN).to_string();
    assert_eq!(error, "there is no step `cliipy`; did you mean `clippy`?");
}

#[test]
fn a_strange_name_is_answered_with_the_known_ones() {
    let error = unknown("step", "xyzzy", &KNOWN).to_string();
    assert_eq!(error, "there is no step `xyzzy`; there are: clippy, nextest, tidy");
}

#[test]
fn a_name_where_there_are_none_says_so() {
    assert_eq!(
        unknown("bench", "store", &[]).to_string(),
        "there is no bench `store`; there are none yet"
    );
}

#[test]
fn durations_read_as_people_say_them() {
    assert_eq!(duration(Duration::from_millis(12_340)), "12.3s");
    assert_eq!(duration(Duration::from_secs(125)), "2m 05s");
}
