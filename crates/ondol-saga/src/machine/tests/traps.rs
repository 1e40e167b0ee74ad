//! What has gone wrong with other people's sagas, as far as one machine shows it.

use ondol_domain::{Answer, IfThere};

use super::*;

type Three = (IfThere<u32>, IfThere<u32>, IfThere<u32>);

/// What came of each of three steps, as far as they were answered.
const ALL: Three =
    (Answer::of("a").if_there(), Answer::of("b").if_there(), Answer::of("c").if_there());

fn knowing((a, b, c): (Option<u32>, Option<u32>, Option<u32>)) -> Vec<u32> {
    [a, b, c].into_iter().flatten().collect()
}

/// Three steps that are undone, each knowing what was answered so far.
fn three() -> Saga<Data> {
    Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()))
        .undo_knowing(ALL, |_data, all| Do(format!("not a, knowing {:?}", knowing(all))))
        .reply(|number: u32| number)
        .step("b", |_data| Do("b".into()))
        .undo_knowing(ALL, |_data, all| Do(format!("not b, knowing {:?}", knowing(all))))
        .reply(|number: u32| number)
        .within(Duration::from_secs(5))
        .step("c", |_data| Do("c".into()))
        .undo_knowing(ALL, |_data, all| Do(format!("not c, knowing {:?}", knowing(all))))
        .reply(|number: u32| number)
        .deadline(Duration::from_secs(60))
}

fn asks(one: &One) -> String {
    let work = one.instance.work(one.now);
    let [work] = &work[..] else { panic!("one thing is to be done, found {work:?}") };
    work.question.key.clone()
}

#[test]
fn t29_an_undo_that_fails_is_asked_for_ever_less_and_less_often_and_shown_as_stuck() {
    let mut one = One::begun();
    one.done(7);
    one.refused();
    let command = one.instance.work(one.now)[0].question.command;
    let mut waits = Vec::new();
    for _failure in 0..40 {
        assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
        assert_eq!(one.instance.work(one.now)[0].question.command, command, "the same is asked");
        one.failed();
        let wakes = one.instance.wakes_at().expect("it is tried again");
        waits.push(wakes.since(one.now));
        one.now = wakes;
    }
    assert!(one.instance.stuck.is_some());
    assert!(waits[0] < waits[3] && waits[3] < waits[30], "{waits:?}");
    assert!(waits[30] > ondol_domain::Retry::default().delay_max, "at leisure: {waits:?}");
    assert!(waits[30..].iter().all(|wait| *wait <= Duration::from_secs(300)), "{waits:?}");
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn t29_one_that_was_stuck_gets_on_and_is_shown_so() {
    let mut one = One::of(three());
    one.done(1);
    one.done(2);
    one.refused();
    while one.instance.stuck.is_none() {
        one.failed();
        one.now = one.instance.wakes_at().expect("it is tried again");
    }
    one.done(0);
    assert_eq!(one.instance.stuck, None, "b is undone");
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
}

#[test]
fn t29_what_never_happened_is_not_undone() {
    let mut one = One::of(three());
    one.done(7);
    one.passes(5);
    assert_eq!(one.work(), ("b".to_owned(), WorkKind::Void));
    let input = one.reply(Reply::Voided);
    one.take(&input);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo), "b has taken no effect");
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn t31_what_was_done_is_undone_the_last_first_and_knows_no_answer_that_never_came() {
    let mut one = One::of(three());
    one.done(1);
    one.done(2);
    one.refused();
    assert_eq!(asks(&one), "not b, knowing [1, 2]");
    one.done(0);
    assert_eq!(asks(&one), "not a, knowing [1, 2]");
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
    let mut one = One::of(three());
    one.done(1);
    one.refused();
    assert_eq!(asks(&one), "not a, knowing [1]");
}

#[test]
fn t30_what_turns_out_to_have_been_done_is_undone_knowing_its_answer() {
    let mut one = One::of(three());
    one.passes(30);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Void));
    one.done(7);
    assert_eq!(asks(&one), "not a, knowing [7]");
}

#[test]
fn what_turns_it_round_is_not_what_a_step_has_waited_for() {
    let saga = Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .on(|event: &Cancelled| event.of.clone(), |_data, _event| Turn::Unwind("no".into()))
        .wait("a", |event: &Cancelled| event.of.clone(), |_data, _event| Some(Turn::GoOn))
        .undo(|_data| Do("not a".into()))
        .within(Duration::from_secs(5));
    let mut one = One::of(saga);
    let facts = one.cancelled();
    let is_answered = |fact: &Fact| matches!(fact, Fact::Answered { .. });
    assert!(!facts.iter().any(is_answered), "{facts:?}");
    assert_eq!(facts.last(), Some(&Fact::Compensated), "nothing was done, nothing is undone");
}

/// A step, and past the pivot one that waits.
fn waits_past_its_pivot(turn: fn() -> Turn) -> One {
    let saga = Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()))
        .pivot()
        .wait("b", |event: &Cancelled| event.of.clone(), move |_data, _event| Some(turn()))
        .within(Duration::from_secs(5));
    let mut one = One::of(saga);
    one.done(1);
    one
}

#[test]
fn past_the_pivot_what_waits_in_vain_is_stuck_once_and_goes_on_waiting() {
    let mut one = waits_past_its_pivot(|| Turn::GoOn);
    let facts = one.passes(5);
    assert!(matches!(facts[..], [Fact::Overdue { .. }, Fact::Stuck { .. }]), "{facts:?}");
    assert!(!one.instance.is_timer_due(one.now), "nobody has to look at it again");
    assert_eq!(one.passes(3_600), []);
    assert_eq!(one.cancelled().last(), Some(&Fact::Completed));
}

#[test]
fn past_the_pivot_what_is_told_to_fail_is_stuck_and_goes_on_waiting() {
    let mut one = waits_past_its_pivot(|| Turn::Unwind("never".into()));
    let facts = one.cancelled();
    assert!(matches!(facts[..], [Fact::Stuck { .. }]), "{facts:?}");
    assert!(one.instance.steps["b"].standing.is_waiting());
}

#[test]
fn past_the_pivot_what_somebody_has_made_void_is_asked_under_another_id() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    let first = one.instance.work(one.now)[0].question.command;
    let void = one.reply(Reply::Voided);
    one.take(&void);
    assert_eq!(one.instance.phase, Phase::Forward);
    one.passes(1);
    assert_eq!(one.work(), step("c"));
    assert_ne!(one.instance.work(one.now)[0].question.command, first);
}

#[test]
fn t32_a_time_limit_of_a_step_that_was_done_does_not_fire_late() {
    let mut one = One::of(three());
    one.done(1);
    let limit = one.instance.steps["b"].standing.limit().expect("it has a limit");
    one.done(2);
    let next = one.instance.steps["c"].standing.limit().expect("it has a limit");
    assert!(next.generation > limit.generation, "each timer has a number of its own");
    assert_eq!(one.passes(6), [], "the limit of b is over, and b is done");
    assert_eq!(one.work(), step("c"));
}

#[test]
fn t32_after_a_jump_of_the_clock_timers_fire_in_the_order_they_were_due_each_once() {
    let mut one = One::of(three());
    one.done(1);
    let facts = one.passes(24 * 60 * 60);
    let timed_out = |fact: &&Fact| matches!(fact, Fact::TimedOut { .. });
    assert_eq!(facts.iter().filter(timed_out).count(), 1, "{facts:?}");
    assert!(matches!(facts[0], Fact::TimedOut { .. }), "the step was due before the whole");
    let turns = facts.iter().filter(|fact| matches!(fact, Fact::TurnedRound { .. })).count();
    assert_eq!(turns, 1, "{facts:?}");
    let Phase::Backward { because } = &one.instance.phase else { panic!("it has turned round") };
    assert!(because.contains("\"b\" was not answered in time"), "{because}");
    assert_eq!(one.passes(1), [], "they have fired");
}
