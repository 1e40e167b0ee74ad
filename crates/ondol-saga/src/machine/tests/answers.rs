//! What steps were answered stands beside what the saga was started with, and is there when it is
//! read, whatever goes wrong.

use std::collections::BTreeMap;

use ondol_domain::Answer;

use super::super::{fits, migrate};
use super::*;

const A: Answer<u32> = Answer::of("a");

fn named() -> Saga<Data> {
    Saga::<Data>::named("s", 1).identified_by(|_data| "1".to_owned())
}

fn first() -> Saga<Data> {
    named().step("a", |_data| Do("a".into())).undo(|_data| Do("not a".into()))
}

/// The second step asks what the first one was answered.
fn knowing() -> Saga<Data> {
    first()
        .reply(|number: u32| number + 1)
        .step_knowing("b", A, |_data, number| Do(format!("b of {number}")))
        .undo_knowing(A, |_data, number| Do(format!("not b of {number}")))
        .step("c", |_data| Do("c".into()))
}

fn asks(one: &One) -> String {
    one.instance.work(one.now)[0].question.key.clone()
}

#[test]
fn what_a_step_was_answered_is_read_by_later_ones_and_when_they_are_undone() {
    let mut one = One::of(knowing());
    let facts = one.done(7);
    let kept = Known::of(&8).expect("JSON");
    assert!(
        matches!(&facts[0], Fact::Answered { answer: Some(answer), data: None, .. } if *answer == kept),
        "{facts:?}"
    );
    assert_eq!(asks(&one), "b of 8");
    one.done(0);
    one.refused();
    assert_eq!(asks(&one), "not b of 8");
    one.done(0);
    assert_eq!(asks(&one), "not a");
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn one_whose_answer_is_read_later_is_not_skipped() {
    let skip = |step: &str| Input::Order(Order::Skip { step: step.into(), by: "kim".into() });
    let past = named()
        .step("z", |_data| Do("z".into()))
        .pivot()
        .step("a", |_data| Do("a".into()))
        .reply(|number: u32| number)
        .step_knowing("b", A, |_data, number| Do(format!("b of {number}")))
        .step("c", |_data| Do("c".into()));
    let mut one = One::of(past);
    one.done(1);
    let error = one.try_take(&skip("a")).expect_err("b cannot do without");
    assert!(
        matches!(&error, NextError::Order(OrderError::Read { step, by }) if step == "a" && by == "b"),
        "{error}"
    );
    one.done(7);
    one.take(&skip("b"));
    assert_eq!(asks(&one), "c", "nobody reads what b is answered");
}

#[test]
fn one_that_has_kept_nothing_does_not_go_on_by_a_definition_that_reads_it() {
    let none = BTreeMap::new();
    let mut one = One::of(first().step("b", |_data| Do("b".into())));
    let reads = || {
        first().reply(|number: u32| number).step("b", |_data| Do("b".into())).step_knowing(
            "c",
            A,
            |_data, number| Do(format!("c of {number}")),
        )
    };
    fits(&Defined::new(reads()), &one.instance, &none).expect("a is still to be answered");
    one.done(7);
    let misfit = fits(&Defined::new(reads()), &one.instance, &none).expect_err("nothing is kept");
    let said = "its step \"c\" reads what \"a\" was answered, and nothing was kept";
    assert_eq!(misfit.problems, [said]);
}

#[test]
fn an_answer_is_found_under_the_name_its_step_has_now() {
    let mut one = One::of(knowing());
    one.done(7);
    let renamed = named()
        .step("z", |_data| Do("z".into()))
        .undo(|_data| Do("not z".into()))
        .reply(|number: u32| number)
        .step_knowing("b", Answer::<u32>::of("z"), |_data, number| Do(format!("b of {number}")))
        .undo_knowing(Answer::<u32>::of("z"), |_data, number| Do(format!("not b of {number}")))
        .step("c", |_data| Do("c".into()));
    let (definition, steps) = (Defined::new(renamed), [("a".to_owned(), "z".to_owned())].into());
    let migrated = migrate(&definition, one.instance, &steps, "kim", one.now).expect("it fits");
    let mut one = One { definition, instance: migrated.instance, now: one.now };
    one.done(0);
    one.refused();
    assert_eq!(asks(&one), "not b of 8");
}

#[test]
fn what_was_known_before_answers_stood_by_themselves_is_still_known() {
    let mut one = One::of(first().step("b", |data| Do(format!("b, knowing {data:?}"))));
    let data = Some(Known::of(&vec![7_u32]).expect("JSON"));
    let old = Fact::Answered { step: "a".into(), answer: None, data, heard: None };
    one.instance.apply(&old, one.now).expect("it can have happened");
    one.take(&Input::Time);
    assert_eq!(asks(&one), "b, knowing [7]");
}
