//! What is bounded, and what is said once.

use std::collections::BTreeSet;

use ondol_domain::{Holder, Retry};
use ondol_kernel::CommandId;

use super::super::delay::delay;
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
fn who_has_heard_something_else_since_waits_for_nobody_any_more() {
    let mut one = One::begun();
    one.is_kept_out();
    assert_eq!(one.instance.held_by().collect::<Vec<_>>(), [&other()]);
    one.looks_again();
    one.failed();
    assert_eq!(one.instance.held_by().count(), 0, "nobody is known to hold it");
    assert_eq!(one.take(&Input::Deadlock { held_by: other() }), [], "and it does not give way");
}

#[test]
fn who_cannot_go_back_does_not_give_way_though_it_was_started_last() {
    let (first, mut last) = (One::begun(), One::begun());
    last.done(7);
    last.done(0);
    last.instance.started = last.now.checked_add(Duration::from_secs(1)).expect("time goes on");
    let both: [(&dyn Definition, &Instance); 2] =
        [(&first.definition, &first.instance), (&last.definition, &last.instance)];
    let gives_way = who_gives_way(both).expect("one can go back");
    assert_eq!(gives_way.started, first.instance.started);
    let neither: [(&dyn Definition, &Instance); 1] = [(&last.definition, &last.instance)];
    assert_eq!(who_gives_way(neither), None);
}

#[test]
fn a_person_who_hurries_it_has_it_count_from_the_beginning_and_asked_at_once() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    one.failed();
    let first = one.looks_again();
    for _failure in 0..4 {
        one.failed();
        one.looks_again();
    }
    assert!(one.instance.stuck.is_some());
    one.failed();
    one.take(&Input::Order(Order::Resume { by: "kim".into() }));
    assert_eq!(one.instance.stuck, None);
    one.failed();
    assert!(one.looks_again() < first * 2, "it waits as after the first time");
    one.refused();
    assert_eq!(one.instance.work(one.now), []);
    one.take(&Input::Order(Order::Retry { step: "c".into(), by: "kim".into() }));
    assert_eq!(one.work(), step("c"), "it is asked at once");
}

#[test]
fn only_so_many_events_are_remembered_to_have_been_heard() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    for number in 0..1_010 {
        one.take(&cancelled(number));
    }
    assert_eq!(one.instance.heard.len(), 1_000);
    assert_eq!(one.take(&cancelled(1_009)), [], "those that came last");
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

/// How long it waits each time when it is refused so often, at its last step or its undoing.
fn waits_when_refused(one: &mut One, times: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _refusal in 0..times {
        let before = one.now;
        one.refused();
        while one.instance.work(one.now).is_empty() {
            one.now = one.instance.wakes_at().expect("it is asked again");
            one.take(&Input::Time);
        }
        waits.push(one.now.since(before));
    }
    waits
}

#[test]
fn what_is_refused_where_nothing_may_fail_is_asked_less_and_less_often() {
    let mut forward = One::begun();
    forward.done(7);
    forward.done(0);
    assert_eq!(forward.work(), step("c"));
    let mut back = One::begun();
    back.done(7);
    back.refused();
    assert_eq!(back.work(), ("a".to_owned(), WorkKind::Undo));
    for mut one in [forward, back] {
        let waits = waits_when_refused(&mut one, 40);
        assert!(waits[0] <= Duration::from_millis(100), "{waits:?}");
        assert!(waits[0] < waits[2] && waits[2] < waits[5] && waits[5] < waits[30], "{waits:?}");
        assert!(waits[30] >= Duration::from_secs(200), "at leisure: {waits:?}");
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(300)), "{waits:?}");
        one.take(&Input::Order(Order::Resume { by: "kim".into() }));
        let wait = waits_when_refused(&mut one, 1)[0];
        assert!(wait <= Duration::from_millis(100), "it counts from the beginning: {wait:?}");
    }
}

#[test]
fn sagas_that_failed_together_do_not_come_back_together_and_each_replay_waits_as_long() {
    let wait =
        |number: u32| delay(Retry::default(), CommandId::named(&format!("question {number}")), 3);
    let waits: BTreeSet<_> = (0..200).map(wait).collect();
    assert!(waits.len() > 80, "they come back at {} moments", waits.len());
    let whole = Duration::from_millis(400);
    assert!(waits.iter().all(|wait| *wait <= whole && *wait >= whole * 3 / 4), "{waits:?}");
    assert_eq!(wait(7), wait(7));
}

#[test]
fn whoever_says_when_to_come_again_is_left_alone_until_then() {
    let mut one = One::begun();
    let failure = Failure {
        code: "busy".into(),
        because: "come again in half a minute".into(),
        may_be_asked_again: true,
        asked_before: false,
        again_after: Some(Duration::from_secs(20)),
        held_by: None,
    };
    let command = one.instance.work(one.now)[0].question.command;
    one.take(&Input::Failure { command, failure });
    assert_eq!(one.looks_again(), Duration::from_secs(20));
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

#[test]
fn what_was_kept_is_what_one_step_has_waited_for_and_not_the_next_as_well() {
    let wait = |saga: Saga<Data>, name| {
        let heard = |_data: &Data, _event: &Cancelled| Some(Turn::GoOn);
        let waits = saga.wait(name, |event: &Cancelled| event.of.clone(), heard);
        waits.within(Duration::from_secs(5))
    };
    let saga = Saga::<Data>::named("s", 1).identified_by(|_data| "1".to_owned());
    let saga = wait(wait(saga.step("a", |_data| Do("a".into())), "b"), "c");
    let mut one = One::of(saga);
    one.take(&cancelled(1));
    one.done(1);
    assert_eq!(one.instance.steps["b"].standing, Standing::Done);
    assert!(one.instance.steps["c"].standing.is_waiting(), "it was told of one thing");
    assert_eq!(one.take(&cancelled(2)).last(), Some(&Fact::Completed));
}
