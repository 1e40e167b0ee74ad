//! Each way in which a chain can be broken, seen at start-up.

use super::{UpcastProblem, Upcasts};

const EVENTS: [&str; 2] = ["opened", "deposited"];

#[test]
fn a_whole_chain_has_no_problems_and_says_which_version_is_recorded_now() {
    let upcasts = Upcasts::none()
        .lift("deposited", 1, Ok)
        .lift("deposited", 2, Ok)
        .rename("paid_in", 1, "deposited", 2)
        .rename("started", 1, "opened", 1);
    assert_eq!(upcasts.check(&EVENTS), []);
    assert_eq!(upcasts.current("deposited").get(), 3);
    assert_eq!(upcasts.current("opened").get(), 1);
    assert_eq!(upcasts.old_names().collect::<Vec<_>>(), ["paid_in", "started"]);
}

#[test]
fn no_steps_are_no_problem() {
    assert_eq!(Upcasts::none().check(&EVENTS), []);
}

#[test]
fn a_hole_in_the_middle_is_found() {
    let upcasts = Upcasts::none().lift("deposited", 1, Ok).lift("deposited", 3, Ok);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::Hole { event: "deposited", version: 2 }]);
}

#[test]
fn a_hole_at_the_beginning_is_found() {
    let upcasts = Upcasts::none().lift("deposited", 2, Ok);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::Hole { event: "deposited", version: 1 }]);
}

#[test]
fn a_hole_in_an_event_that_is_recorded_no_more_is_found() {
    let upcasts = Upcasts::none().rename("paid_in", 2, "deposited", 1);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::Hole { event: "paid_in", version: 1 }]);
}

#[test]
fn two_steps_from_one_version_are_found() {
    let upcasts = Upcasts::none().lift("deposited", 1, Ok).lift("deposited", 1, Ok);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::Double { event: "deposited", version: 1 }]);
}

#[test]
fn a_step_to_an_event_that_there_is_not_is_found() {
    let upcasts = Upcasts::none().rename("paid_in", 1, "credited", 1);
    assert_eq!(
        upcasts.check(&EVENTS),
        [UpcastProblem::Nowhere { event: "paid_in", version: 1, to: "credited" }]
    );
    let upcasts = Upcasts::none().lift("credited", 1, Ok);
    assert_eq!(
        upcasts.check(&EVENTS),
        [UpcastProblem::Nowhere { event: "credited", version: 1, to: "credited" }]
    );
}

#[test]
fn a_step_away_from_the_newest_version_is_found() {
    let upcasts = Upcasts::none().rename("opened", 1, "deposited", 1);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::PastNewest { event: "opened", version: 1 }]);
}

#[test]
fn a_ring_of_steps_is_found() {
    let upcasts = Upcasts::none().rename("a", 1, "b", 1).rename("b", 1, "a", 1);
    assert_eq!(
        upcasts.check(&EVENTS),
        ["a", "b"].map(|event| UpcastProblem::Ring { event, version: 1 })
    );
}

#[test]
fn version_zero_is_found() {
    let upcasts = Upcasts::none().lift("deposited", 0, Ok);
    assert_eq!(upcasts.check(&EVENTS), [UpcastProblem::BeforeFirst { event: "deposited" }]);
}

#[test]
fn all_problems_are_told_at_once() {
    let upcasts = Upcasts::none()
        .lift("deposited", 2, Ok)
        .rename("paid_in", 1, "credited", 1)
        .lift("opened", 1, Ok)
        .lift("opened", 1, Ok);
    assert_eq!(upcasts.check(&EVENTS).len(), 3);
}
