//! A command takes effect once, whatever came of it and however often it comes.

use std::sync::Arc;

use ondol_kernel::{Metadata, Payload, Position};

use super::Engine;
use super::given::{
    accepted, append, command, events, expecting, head, log, one, outcome, racing, refused, some,
    soon, stream, thing, version, void,
};
use crate::{Append, AppendError, Expected, InvalidAppend, Outcome, command_stream};

fn refusal(number: u64) -> Append {
    Append::refusal(command(number), Payload::json(r#""no money""#), Metadata::default())
}

fn nothing(number: u64) -> Append {
    Append::nothing(command(number), Metadata::default())
}

pub async fn a_command_that_never_came_has_no_outcome<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a").by(command(1))).await;
    assert_eq!(outcome(&*store, command(2)).await, None);
}

pub async fn an_accepted_command_is_remembered<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    append(&*store, some("a", events(3)).by(command(1))).await;
    append(&*store, one("a")).await;
    assert_eq!(outcome(&*store, command(1)).await, Some(accepted(2, 4)));
}

pub async fn the_first_append_of_a_command_is_no_repeat<E: Engine>() {
    let store = E::create().await.store();
    assert!(!append(&*store, one("a").by(command(1))).await.repeated);
    assert!(!append(&*store, refusal(2)).await.repeated);
    assert!(!append(&*store, nothing(3)).await.repeated);
}

pub async fn a_repeated_command_answers_with_its_outcome_and_writes_nothing<E: Engine>() {
    let store = E::create().await.store();
    let first = append(&*store, some("a", events(2)).by(command(1))).await;
    append(&*store, one("a")).await;
    for _ in 0..3 {
        let again = append(&*store, some("a", events(2)).by(command(1))).await;
        assert_eq!((again.outcome, again.repeated), (first.outcome.clone(), true));
    }
    assert_eq!(head(&*store).await.get(), 3);
}

pub async fn a_repeated_command_with_other_events_is_still_a_repeat<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a").by(command(1))).await;
    let other = some("b", events(5)).and(thing("c"), Expected::Any, events(1));
    let again = append(&*store, other.by(command(1))).await;
    assert_eq!((again.outcome, again.repeated), (accepted(1, 1), true));
    assert_eq!(version(&*store, "b").await.get(), 0);
}

pub async fn an_append_without_a_command_is_never_a_repeat<E: Engine>() {
    let store = E::create().await.store();
    let same = one("a");
    for count in 1..=3 {
        let appended = append(&*store, same.clone()).await;
        assert_eq!((appended.outcome, appended.repeated), (accepted(count, count), false));
    }
}

pub async fn a_command_over_several_streams_has_one_outcome<E: Engine>() {
    let store = E::create().await.store();
    let both = some("a", events(2)).and(thing("b"), Expected::Any, events(2));
    append(&*store, both.by(command(1))).await;
    assert_eq!(outcome(&*store, command(1)).await, Some(accepted(1, 4)));
}

pub async fn a_refusal_is_remembered_with_its_reason<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    let recorded = append(&*store, refusal(1)).await.outcome;
    let Outcome::Refused(found) = &recorded else {
        return assert_eq!(recorded, accepted(0, 0), "a refusal was expected");
    };
    assert_eq!((found.at.get(), &found.reason), (2, &Payload::json(r#""no money""#)));
    assert_eq!(outcome(&*store, command(1)).await, Some(recorded));
}

pub async fn a_refused_command_stays_refused<E: Engine>() {
    let store = E::create().await.store();
    let recorded = append(&*store, refusal(1)).await.outcome;
    let late = append(&*store, one("a").by(command(1))).await;
    assert_eq!((late.outcome, late.repeated), (recorded, true));
    assert_eq!(version(&*store, "a").await.get(), 0);
}

pub async fn an_accepted_command_is_not_refused_later<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a").by(command(1))).await;
    let late = append(&*store, refusal(1)).await;
    assert_eq!((late.outcome, late.repeated), (accepted(1, 1), true));
    assert_eq!(head(&*store).await.get(), 1);
}

pub async fn a_command_that_changed_nothing_is_remembered<E: Engine>() {
    let store = E::create().await.store();
    let recorded = append(&*store, nothing(1)).await.outcome;
    assert_eq!(recorded, Outcome::Nothing { at: Position::new(1) });
    let late = append(&*store, one("a").by(command(1))).await;
    assert_eq!((late.outcome, late.repeated), (recorded.clone(), true));
    assert_eq!(outcome(&*store, command(1)).await, Some(recorded));
}

pub async fn every_outcome_is_remembered_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    let store = engine.store();
    append(&*store, some("a", events(3)).and(thing("b"), Expected::Any, events(1)).by(command(1)))
        .await;
    let first = [
        accepted(1, 4),
        append(&*store, refusal(2)).await.outcome,
        append(&*store, nothing(3)).await.outcome,
        void(&*store, command(4)).await,
    ];
    drop(store);
    engine.reopen().await;
    let store = engine.store();
    for (number, expected) in (1..).zip(first) {
        assert_eq!(outcome(&*store, command(number)).await, Some(expected.clone()));
        let again = append(&*store, one("a").by(command(number))).await;
        assert_eq!((again.outcome, again.repeated), (expected, true));
    }
    assert_eq!(head(&*store).await.get(), 7);
}

pub async fn a_thousand_commands_are_each_remembered<E: Engine>() {
    let mut engine = E::create().await;
    let store = engine.store();
    racing(20, |task| {
        let store = Arc::clone(&store);
        async move {
            for number in task * 50..task * 50 + 50 {
                append(&*store, one(number).by(command(number))).await;
            }
        }
    })
    .await;
    drop(store);
    engine.reopen().await;
    let store = engine.store();
    for number in 0..1_000 {
        let recorded = outcome(&*store, command(number)).await.expect("each is remembered");
        let event = &stream(&*store, number).await[0];
        assert_eq!(recorded.last(), event.position);
        assert_eq!(event.metadata.command, Some(command(number)));
    }
}

pub async fn a_hundred_racing_repeats_take_effect_once<E: Engine>() {
    let store = E::create().await.store();
    for number in 0..5 {
        let results = racing(100, |_| {
            let store = Arc::clone(&store);
            async move { append(&*store, some("a", events(2)).by(command(number))).await }
        })
        .await;
        let first = outcome(&*store, command(number)).await.expect("it took effect");
        assert!(results.iter().all(|result| result.outcome == first), "the answers differ");
        assert_eq!(results.iter().filter(|result| !result.repeated).count(), 1);
    }
    assert_eq!(log(&*store).await.len(), 10);
}

pub async fn racing_repeats_with_an_expectation_take_effect_once<E: Engine>() {
    let store = E::create().await.store();
    // Whoever comes second would find a conflict, were it not a repeat.
    let results = racing(50, |_| {
        let store = Arc::clone(&store);
        async move { append(&*store, expecting("a", Expected::NoStream).by(command(1))).await }
    })
    .await;
    assert!(results.iter().all(|result| result.outcome == accepted(1, 1)));
    assert_eq!(head(&*store).await.get(), 1);
}

pub async fn a_command_that_is_accepted_and_refused_at_once_has_one_outcome<E: Engine>() {
    let store = E::create().await.store();
    for number in 0..10 {
        let results = racing(8, |task| {
            let store = Arc::clone(&store);
            let append_it =
                if task % 2 == 0 { one(number).by(command(number)) } else { refusal(number) };
            async move { append(&*store, append_it).await.outcome }
        })
        .await;
        let recorded = outcome(&*store, command(number)).await.expect("one was recorded");
        assert!(results.iter().all(|result| *result == recorded), "found {results:?}");
    }
    assert_eq!(head(&*store).await.get(), 10);
}

pub async fn every_event_of_a_command_names_it<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    append(&*store, some("a", events(2)).by(command(1))).await;
    append(&*store, refusal(2)).await;
    let named: Vec<_> = log(&*store).await.iter().map(|event| event.metadata.command).collect();
    assert_eq!(named, [None, Some(command(1)), Some(command(1)), Some(command(2))]);
}

pub async fn an_event_that_names_another_command_is_refused<E: Engine>() {
    let store = E::create().await.store();
    let mut unnamed = one("a");
    unnamed.command = Some(command(1));
    let mut foreign = one("a").by(command(2));
    foreign.command = Some(command(1));
    let mut stray = one("a").by(command(1));
    stray.command = None;
    for wrong in [unnamed, foreign, stray] {
        let error = refused(&*store, wrong).await;
        assert!(
            matches!(error, AppendError::Invalid(InvalidAppend::ForeignCommand { .. })),
            "found {error}"
        );
    }
}

pub async fn what_was_no_event_of_a_service_is_kept_in_the_commands_stream<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, refusal(1)).await;
    append(&*store, nothing(2)).await;
    void(&*store, command(3)).await;
    for (number, name) in [(1, "$refused"), (2, "$nothing"), (3, "$voided")] {
        let read = crate::ReadStream::forward(command_stream(command(number)), 10);
        let found = soon(store.read_stream(read)).await.expect("the stream can be read");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].event_type.as_str(), name);
    }
}
