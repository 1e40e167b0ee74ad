//! What is bounded, and what is said once.

use ondol_domain::Holder;

use super::super::{KEPT_MAX, who_gives_way};
use super::*;

fn other() -> Holder {
    Holder::of("other", "2")
}

impl One {
    fn is_kept_out(&mut self) -> Vec<Fact> {
        let failure = Failure {
            code: "held".into(),
            because: "it is held".into(),
            may_be_asked_again: true,
            asked_before: false,
            again_after: None,
            held_by: Some(other()),
        };
        let command = self.instance.work(self.now)[0].question.command;
        self.take(&Input::Failure { command, failure })
    }

    /// It is looked again whether it has been let go, for as long as the step may take.
    fn looks_again(&mut self) -> Duration {
        let wakes = self.instance.work(self.now).is_empty().then(|| self.instance.wakes_at());
        let wakes = wakes.flatten().expect("it looks again after a while");
        let waited = wakes.since(self.now);
        self.now = wakes;
        waited
    }
}

fn stuck(facts: &[Fact]) -> usize {
    facts.iter().filter(|fact| matches!(fact, Fact::Stuck { .. })).count()
}

#[test]
fn who_is_kept_out_looks_again_within_a_second_and_past_the_pivot_a_person_is_told_once() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    assert_eq!(one.work(), step("c"));
    let mut told = 0;
    for _time in 0..30 {
        told += stuck(&one.is_kept_out());
        assert!(one.looks_again() <= Duration::from_secs(1));
    }
    assert_eq!(told, 1);
}

#[test]
fn who_gives_way_was_started_last_and_does_not_if_it_waits_no_longer() {
    let (first, mut last) = (One::begun(), One::begun());
    last.instance.started = last.now.checked_add(Duration::from_secs(1)).expect("time goes on");
    let both: [(&dyn Definition, &Instance); 2] =
        [(&last.definition, &last.instance), (&first.definition, &first.instance)];
    let gives_way = who_gives_way(both).expect("one can go back");
    assert_eq!(gives_way.started, last.instance.started);
    let mut one = One::begun();
    let deadlock = Input::Deadlock { held_by: other() };
    assert_eq!(one.take(&deadlock), [], "it waits for nobody");
    one.is_kept_out();
    let facts = one.take(&deadlock);
    assert!(matches!(facts[0], Fact::TurnedRound { .. }), "{facts:?}");
}

#[test]
fn a_person_is_told_once_of_a_step_however_often_it_fails() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    let mut told = 0;
    for _failure in 0..20 {
        told += stuck(&one.failed());
        one.passes(600);
    }
    assert_eq!(told, 1);
}

#[test]
fn an_undo_that_somebody_else_has_made_void_is_asked_under_another_id() {
    let mut one = One::begun();
    one.done(7);
    one.refused();
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    let first = one.instance.work(one.now)[0].question.command;
    let input = one.reply(Reply::Voided);
    one.take(&input);
    assert!(!one.instance.is_ended(), "it is not undone");
    one.passes(600);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    assert_ne!(one.instance.work(one.now)[0].question.command, first);
}

#[test]
fn what_is_kept_for_a_later_step_has_a_limit() {
    let saga = Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()))
        .wait("b", |event: &Cancelled| event.of.clone(), |_data, _event| Some(Turn::GoOn))
        .within(Duration::from_secs(5));
    let mut one = One::of(saga);
    for number in 0..KEPT_MAX {
        let facts = one.take(&cancelled(u128::try_from(number).expect("few")));
        assert!(matches!(facts[..], [Fact::Heard { kept: Some(_), .. }]), "{facts:?}");
    }
    let error = one.try_take(&cancelled(u128::MAX)).expect_err("it keeps as many as it may");
    assert!(matches!(error, NextError::Defect(crate::Defect::TooMuchHeard)), "{error}");
    assert_eq!(one.done(1).last(), Some(&Fact::Completed), "the first is what was waited for");
}
