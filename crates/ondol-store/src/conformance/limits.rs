//! Everything has a limit: at the limit is taken, over it is refused, and nothing is written.

use super::Engine;
use super::given::{
    append, command, data_of, event, event_type, event_with, events, log, one, outcome, refused,
    some, tag, thing,
};
use crate::{Append, AppendError, Condition, Expected, InvalidAppend, Limits};

async fn at_and_over<E: Engine>(append_of: impl Fn(&Limits, usize) -> Append) {
    let store = E::create().await.store();
    let limits = *store.limits();
    append(&*store, append_of(&limits, 0)).await;
    let error = refused(&*store, append_of(&limits, 1)).await;
    let AppendError::Invalid(InvalidAppend::TooMany { most, found, .. }) = error else {
        return assert_eq!(error.to_string(), "too many of something");
    };
    assert_eq!(found, most + 1);
}

pub async fn an_event_has_so_many_bytes_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        some("a", vec![event_with(data_of(limits.event_bytes_max + over))])
    })
    .await;
}

pub async fn an_append_has_so_many_bytes_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        let full = limits.append_bytes_max / limits.event_bytes_max;
        let mut sizes = vec![limits.event_bytes_max; full];
        sizes.push(limits.append_bytes_max % limits.event_bytes_max + over);
        some("a", sizes.into_iter().map(|size| event_with(data_of(size))).collect())
    })
    .await;
}

pub async fn an_append_has_so_many_events_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| some("a", events(limits.events_per_append_max + over))).await;
}

pub async fn an_append_has_so_many_streams_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        (1..limits.streams_per_append_max + over)
            .fold(one(0), |whole, key| whole.and(thing(key), Expected::Any, events(1)))
    })
    .await;
}

pub async fn an_append_has_so_many_conditions_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        (0..limits.conditions_max + over)
            .fold(one(0), |whole, at| whole.when(Condition::never(tag(&format!("tag:{at}")))))
    })
    .await;
}

pub async fn an_event_has_so_many_tags_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        let mut event = event();
        event.metadata.tags =
            (0..limits.tags_max + over).map(|at| tag(&format!("tag:{at}"))).collect();
        some("a", vec![event])
    })
    .await;
}

pub async fn a_condition_has_so_many_tags_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        let mut condition = Condition::never(tag("tag"));
        condition.tags = (0..limits.tags_max + over).map(|at| tag(&format!("tag:{at}"))).collect();
        one("a").when(condition)
    })
    .await;
}

pub async fn a_condition_has_so_many_types_and_not_one_more<E: Engine>() {
    at_and_over::<E>(|limits, over| {
        let mut condition = Condition::never(tag("tag"));
        condition.types =
            (0..limits.tags_max + over).map(|at| event_type(&format!("type.{at}"))).collect();
        one("a").when(condition)
    })
    .await;
}

pub async fn one_event_over_its_limit_keeps_all_others_out<E: Engine>() {
    let store = E::create().await.store();
    let over = event_with(data_of(store.limits().event_bytes_max + 1));
    let whole = one("a").and(thing("b"), Expected::Any, vec![event(), over, event()]);
    refused(&*store, whole.by(command(1))).await;
    assert_eq!(log(&*store).await, Vec::new());
    assert_eq!(outcome(&*store, command(1)).await, None);
}

pub async fn an_append_without_events_is_refused<E: Engine>() {
    let store = E::create().await.store();
    for nothing in [Append::default(), some("a", Vec::new())] {
        let error = refused(&*store, nothing).await;
        assert!(
            matches!(error, AppendError::Invalid(InvalidAppend::Nothing { .. })),
            "found {error}"
        );
    }
}

pub async fn an_append_with_a_stream_without_events_is_refused<E: Engine>() {
    let store = E::create().await.store();
    let error = refused(&*store, one("a").and(thing("b"), Expected::Any, Vec::new())).await;
    let empty = thing("b");
    assert!(
        matches!(&error, AppendError::Invalid(InvalidAppend::Nothing { stream }) if *stream == Some(empty)),
        "found {error}"
    );
}

pub async fn an_append_that_names_a_stream_twice_is_refused<E: Engine>() {
    let store = E::create().await.store();
    let twice = one("a").and(thing("b"), Expected::Any, events(1));
    let error = refused(&*store, twice.and(thing("a"), Expected::Any, events(1))).await;
    assert!(
        matches!(error, AppendError::Invalid(InvalidAppend::StreamTwice { .. })),
        "found {error}"
    );
}
