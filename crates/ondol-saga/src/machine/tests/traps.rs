//! What has gone wrong with other people's sagas, as far as one machine shows it.

use super::*;

/// Three steps that are undone, each knowing what was answered so far.
fn three() -> Saga<Data> {
    Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()))
        .undo(|data| Do(format!("not a, knowing {data:?}")))
        .reply(|data, number: u32| data.push(number))
        .step("b", |_data| Do("b".into()))
        .undo(|data| Do(format!("not b, knowing {data:?}")))
        .reply(|data, number: u32| data.push(number))
        .within(Duration::from_secs(5))
        .step("c", |_data| Do("c".into()))
        .undo(|data| Do(format!("not c, knowing {data:?}")))
        .reply(|data, number: u32| data.push(number))
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
