//! How a stream must stand: each expectation against a stream without and with events.

use super::Engine;
use super::given::{
    accepted, append, assert_dense, command, events, exactly, expecting, log, one, refused, some,
    stream, thing, version,
};
use crate::{Append, AppendError, Expected};
use ondol_kernel::StreamId;

async fn is_taken<E: Engine>(events_before: usize, expected: Expected) {
    let store = E::create().await.store();
    if events_before > 0 {
        append(&*store, some("a", events(events_before))).await;
    }
    append(&*store, expecting("a", expected)).await;
    assert_eq!(stream(&*store, "a").await.len(), events_before + 1);
}

async fn is_refused<E: Engine>(events_before: usize, expected: Expected) {
    let store = E::create().await.store();
    if events_before > 0 {
        append(&*store, some("a", events(events_before))).await;
    }
    let error = refused(&*store, expecting("a", expected)).await;
    assert!(matches!(error, AppendError::Conflict { .. }), "found {error}");
    assert_eq!(stream(&*store, "a").await.len(), events_before);
}

pub async fn any_writes_to_a_stream_without_events<E: Engine>() {
    is_taken::<E>(0, Expected::Any).await;
}

pub async fn any_writes_to_a_stream_with_events<E: Engine>() {
    is_taken::<E>(3, Expected::Any).await;
}

pub async fn no_stream_writes_to_a_stream_without_events<E: Engine>() {
    is_taken::<E>(0, Expected::NoStream).await;
}

pub async fn no_stream_refuses_a_stream_with_events<E: Engine>() {
    is_refused::<E>(1, Expected::NoStream).await;
}

pub async fn exists_refuses_a_stream_without_events<E: Engine>() {
    is_refused::<E>(0, Expected::Exists).await;
}

pub async fn exists_writes_to_a_stream_with_events<E: Engine>() {
    is_taken::<E>(1, Expected::Exists).await;
}

pub async fn exactly_zero_writes_to_a_stream_without_events<E: Engine>() {
    is_taken::<E>(0, exactly(0)).await;
}

pub async fn exactly_zero_refuses_a_stream_with_events<E: Engine>() {
    is_refused::<E>(1, exactly(0)).await;
}

pub async fn exactly_the_last_version_writes<E: Engine>() {
    is_taken::<E>(3, exactly(3)).await;
}

pub async fn exactly_an_older_version_is_refused<E: Engine>() {
    is_refused::<E>(3, exactly(2)).await;
}

pub async fn exactly_a_newer_version_is_refused<E: Engine>() {
    is_refused::<E>(3, exactly(4)).await;
}

pub async fn exactly_a_version_of_a_stream_without_events_is_refused<E: Engine>() {
    is_refused::<E>(0, exactly(1)).await;
}

pub async fn a_version_no_stream_ever_reaches_is_refused<E: Engine>() {
    is_refused::<E>(1, exactly(u64::MAX)).await;
}

pub async fn a_conflict_names_the_stream_what_was_expected_and_what_was_found<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, some("a", events(2))).await;
    let error = refused(&*store, one("b").and(thing("a"), exactly(1), events(1))).await;
    let AppendError::Conflict { stream, expected, found } = error else {
        return assert_eq!(error.to_string(), "a conflict");
    };
    assert_eq!((stream, expected, found.get()), (thing("a"), exactly(1), 2));
}

pub async fn a_refused_append_uses_up_no_position_and_no_version<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    refused(&*store, expecting("a", Expected::NoStream)).await;
    let after = append(&*store, one("a")).await;
    assert_eq!(after.outcome, accepted(2, 2));
    assert_dense(&log(&*store).await);
}

pub async fn a_refused_append_goes_through_once_the_stream_stands_as_expected<E: Engine>() {
    let store = E::create().await.store();
    let late = expecting("a", exactly(1)).by(command(1));
    refused(&*store, late.clone()).await;
    append(&*store, one("a")).await;
    let appended = append(&*store, late).await;
    assert_eq!((appended.outcome, appended.repeated), (accepted(2, 2), false));
}

pub async fn streams_with_similar_names_do_not_mix<E: Engine>() {
    let store = E::create().await.store();
    let names = ["a", "A", "aa", "a ", " a", "a:a", "a%", "a_", "a\\", "a'", "\u{e9}", "e\u{301}"];
    for (at, name) in names.iter().enumerate() {
        append(&*store, Append::to(thing(name), Expected::NoStream, events(at + 1))).await;
    }
    for (at, name) in names.iter().enumerate() {
        assert_eq!(stream(&*store, name).await.len(), at + 1, "of {name:?}");
    }
}

pub async fn streams_of_different_kinds_with_one_key_do_not_mix<E: Engine>() {
    let store = E::create().await.store();
    let other = StreamId::new("things", "a").expect("a good name");
    append(&*store, one("a")).await;
    append(&*store, Append::to(other, Expected::NoStream, events(1))).await;
    assert_eq!(version(&*store, "a").await.get(), 1);
}
