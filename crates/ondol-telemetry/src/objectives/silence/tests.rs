//! What nobody is told of, and for how long.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).expect("a time")
}

fn silence(objective: Option<&str>, until: i64) -> Silence {
    let objective = objective.map(str::to_owned);
    Silence { objective, until: at(until), who: "kim".to_owned(), why: "we work on it".to_owned() }
}

#[test]
fn a_silence_is_about_one_objective_or_all_and_ends_by_itself() {
    let silences = Silences::default();
    silences.add(silence(Some("orders"), 100), at(0)).expect("it says all");
    assert!(silences.cover("orders", at(99)));
    assert!(!silences.cover("orders", at(100)), "it has ended");
    assert!(!silences.cover("reads", at(1)), "it is about something else");
    silences.add(silence(None, 50), at(1)).expect("it says all");
    assert!(silences.cover("reads", at(2)));
    assert!(silences.lift(None).expect("kept nowhere"));
    assert!(!silences.cover("reads", at(2)));
    assert!(!silences.lift(None).expect("kept nowhere"), "there is none any more");
}

#[test]
fn a_silence_says_who_wants_it_and_why_and_does_not_last_for_ever() {
    let silences = Silences::default();
    let add = |silence| silences.add(silence, at(10));
    let nobody = Silence { who: " ".to_owned(), ..silence(None, 20) };
    let long = Silence { why: "x".repeat(201), ..silence(None, 20) };
    for said in [nobody, long] {
        assert!(matches!(add(said), Err(SilenceError::Said)));
    }
    for until in [10, 10 + 7 * 24 * 3_600 + 1] {
        assert!(matches!(add(silence(None, until)), Err(SilenceError::Until)));
    }
    for number in 0..SILENCES_MAX {
        add(silence(Some(&number.to_string()), 20)).expect("there is room");
    }
    add(silence(Some("0"), 30)).expect("it replaces one");
    assert!(matches!(add(silence(None, 20)), Err(SilenceError::TooMany)));
    silences.add(silence(None, 40), at(25)).expect("those before are over");
    assert_eq!(silences.lasting(at(26)).len(), 2);
}

#[test]
fn silences_outlive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("silences.json");
    let silences = Silences::open(file.clone()).expect("there is none yet");
    silences.add(silence(Some("orders"), 100), at(0)).expect("it is kept");
    silences.add(silence(Some("reads"), 100), at(0)).expect("it is kept");
    silences.lift(Some("reads")).expect("it is kept");
    let again = Silences::open(file.clone()).expect("it can be read");
    assert_eq!(again.lasting(at(1)), [silence(Some("orders"), 100)]);
    std::fs::write(&file, "no silences").expect("a file");
    assert!(Silences::open(file).is_err(), "it is not taken for none");
}
