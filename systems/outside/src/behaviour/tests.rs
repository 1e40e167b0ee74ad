//! Behaviours: what can be set, and how often it happens.

use ondol_doors::SeededRng;

use super::{Behaviour, Change, Fate};

#[test]
fn what_is_not_said_stays_and_all_that_is_wrong_is_told_at_once() {
    let change = Change { latency_ms: Some(40), is_out: Some(true), ..Change::default() };
    let slow = Behaviour::default().changed(&change).expect("it can be set");
    let change = Change { is_out: Some(false), ..Change::default() };
    let slow = slow.changed(&change).expect("it can be set");
    assert_eq!(slow, Behaviour { latency_ms: 40, ..Behaviour::default() });
    let change = Change { latency_ms: Some(60_001), lost_percent: Some(101), ..Change::default() };
    let problems = slow.changed(&change).expect_err("it is too much").problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn each_way_to_fail_happens_about_as_often_as_was_set() {
    let rng = SeededRng::new(7);
    let behaviour = Behaviour {
        errors_percent: 10,
        silent_percent: 20,
        refused_percent: 30,
        lost_percent: 50,
        ..Behaviour::default()
    };
    let (mut failed, mut silent, mut refused, mut lost) = (0, 0, 0, 0);
    for _ in 0..10_000 {
        match behaviour.fate(&rng) {
            Fate::Fails => failed += 1,
            Fate::Silent => silent += 1,
            Fate::Served { is_refused, is_lost, .. } => {
                refused += i32::from(is_refused);
                lost += i32::from(is_lost);
            }
            Fate::Out => unreachable!("it is not out"),
        }
    }
    assert!((900..1_100).contains(&failed), "{failed}");
    assert!((1_650..1_950).contains(&silent), "{silent}");
    assert!((2_000..2_350).contains(&refused), "{refused}");
    assert!((3_400..3_800).contains(&lost), "{lost}");
}
