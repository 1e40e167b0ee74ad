//! Rules that span streams: what must not have happened, also while others write.

use std::sync::Arc;

use ondol_kernel::{NewEvent, Position};

use super::Engine;
use super::given::{
    append, assert_dense, count_ok, event, event_type, events, exactly, expecting, log, one,
    racing, refused, some, soon, tag, tagged, thing, wanted,
};
use crate::{AppendError, Condition, Expected, Filter, InvalidAppend, ReadAll, Replica};

fn after(position: u64, tags: &[&str]) -> Condition {
    typed(position, tags, &[])
}

fn typed(position: u64, tags: &[&str], types: &[&str]) -> Condition {
    Condition {
        tags: tags.iter().map(|name| tag(name)).collect(),
        types: types.iter().map(|name| event_type(name)).collect(),
        after: Position::new(position),
    }
}

async fn log_with<E: Engine>(events: Vec<NewEvent>) -> Arc<dyn Replica> {
    let store = E::create().await.store();
    append(&*store, some("a", events)).await;
    store
}

async fn holds(store: &dyn Replica, condition: Condition) {
    append(store, one("decided").when(condition)).await;
}

async fn is_broken(store: &dyn Replica, condition: Condition, at: u64) {
    let error = refused(store, one("decided").when(condition)).await;
    let AppendError::ConditionBroken { at: found } = error else {
        return assert_eq!(error.to_string(), "a broken condition");
    };
    assert_eq!(found.get(), at);
}

pub async fn a_condition_holds_in_a_log_without_events<E: Engine>() {
    holds(&*E::create().await.store(), after(0, &["seat:1"])).await;
}

pub async fn a_condition_holds_when_nothing_has_the_tag<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:2"]), event()]).await;
    holds(&*store, after(0, &["seat:1"])).await;
}

pub async fn a_condition_is_broken_by_an_event_with_the_tag<E: Engine>() {
    let store = log_with::<E>(vec![event(), tagged("seat.taken", &["seat:1"])]).await;
    is_broken(&*store, after(0, &["seat:1"]), 2).await;
}

pub async fn a_condition_does_not_see_what_whoever_decided_has_seen<E: Engine>() {
    let store = log_with::<E>(vec![event(), tagged("seat.taken", &["seat:1"])]).await;
    holds(&*store, after(2, &["seat:1"])).await;
}

pub async fn a_condition_sees_the_very_next_event<E: Engine>() {
    let two = vec![tagged("seat.taken", &["seat:1"]), tagged("seat.taken", &["seat:1"])];
    let store = log_with::<E>(two).await;
    is_broken(&*store, after(1, &["seat:1"]), 2).await;
}

pub async fn a_condition_asks_for_all_its_tags_on_one_event<E: Engine>() {
    let apart = vec![tagged("seat.taken", &["seat:1"]), tagged("seat.taken", &["show:7"])];
    let store = log_with::<E>(apart).await;
    holds(&*store, after(0, &["seat:1", "show:7"])).await;
    append(&*store, some("a", vec![tagged("seat.taken", &["show:7", "hall:2", "seat:1"])])).await;
    is_broken(&*store, after(0, &["seat:1", "show:7"]), 4).await;
}

pub async fn a_condition_sees_only_the_types_it_names<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.shown", &["seat:1"])]).await;
    holds(&*store, typed(0, &["seat:1"], &["seat.taken"])).await;
    append(&*store, some("a", vec![tagged("seat.taken", &["seat:1"])])).await;
    is_broken(&*store, typed(0, &["seat:1"], &["seat.taken"]), 3).await;
    is_broken(&*store, typed(0, &["seat:1"], &["seat.freed", "seat.taken"]), 3).await;
}

pub async fn several_conditions_must_all_hold<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:1"])]).await;
    for (first, second) in [("seat:1", "seat:2"), ("seat:2", "seat:1")] {
        let both = one("b").when(after(0, &[first])).when(after(0, &[second]));
        let error = refused(&*store, both).await;
        assert!(matches!(error, AppendError::ConditionBroken { .. }), "found {error}");
    }
    append(&*store, one("b").when(after(0, &["seat:2"])).when(after(1, &["seat:1"]))).await;
}

pub async fn the_events_of_an_append_do_not_break_its_own_condition<E: Engine>() {
    let store = E::create().await.store();
    let claim = some("a", vec![tagged("seat.taken", &["seat:1"])]);
    append(&*store, claim.when(after(0, &["seat:1"]))).await;
}

pub async fn a_tag_that_an_event_has_twice_counts_as_once<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:1", "seat:1"])]).await;
    is_broken(&*store, after(0, &["seat:1"]), 1).await;
    is_broken(&*store, after(0, &["seat:1", "seat:1"]), 1).await;
    let filter = Filter { tags: vec![tag("seat:1")], ..Filter::default() };
    assert_eq!(wanted(&*store, filter, 10).await.len(), 1);
}

pub async fn tags_are_taken_letter_by_letter<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:1"])]).await;
    for other in ["Seat:1", "seat:", "seat:10", "seat:1 ", "seat:_", "seat:%", "s"] {
        holds(&*store, after(0, &[other])).await;
    }
}

pub async fn a_condition_ahead_of_the_log_is_refused<E: Engine>() {
    let store = log_with::<E>(events(2)).await;
    holds(&*store, after(2, &["seat:1"])).await;
    let error = refused(&*store, one("b").when(after(4, &["seat:1"]))).await;
    let AppendError::Invalid(InvalidAppend::ConditionAhead { asked, head }) = error else {
        return assert_eq!(error.to_string(), "a condition ahead of the log");
    };
    assert_eq!((asked.get(), head.get()), (4, 3));
}

pub async fn a_condition_without_a_tag_is_refused<E: Engine>() {
    let store = log_with::<E>(events(1)).await;
    let error = refused(&*store, one("b").when(typed(0, &[], &["seat.taken"]))).await;
    assert!(
        matches!(error, AppendError::Invalid(InvalidAppend::ConditionWithoutTag)),
        "found {error}"
    );
}

pub async fn a_condition_and_an_expectation_must_both_hold<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:1"])]).await;
    refused(&*store, expecting("a", exactly(1)).when(after(0, &["seat:1"]))).await;
    refused(&*store, expecting("a", exactly(0)).when(after(1, &["seat:1"]))).await;
    append(&*store, expecting("a", exactly(1)).when(after(1, &["seat:1"]))).await;
}

pub async fn a_condition_is_kept_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    append(&*engine.store(), some("a", vec![tagged("seat.taken", &["seat:1"])])).await;
    engine.reopen().await;
    let store = engine.store();
    is_broken(&*store, after(0, &["seat:1"]), 1).await;
    holds(&*store, after(1, &["seat:1"])).await;
}

pub async fn a_condition_sees_events_far_back<E: Engine>() {
    let store = log_with::<E>(vec![tagged("seat.taken", &["seat:1"])]).await;
    for _ in 0..5 {
        append(&*store, some("many", events(store.limits().events_per_append_max))).await;
    }
    is_broken(&*store, after(0, &["seat:1"]), 1).await;
}

pub async fn of_fifty_racing_claims_of_one_email_exactly_one_is_taken<E: Engine>() {
    let store = E::create().await.store();
    for round in 0..5 {
        let email = format!("email:kim-{round}@example.kr");
        let results = racing(50, |number| {
            let (store, email) = (Arc::clone(&store), email.clone());
            async move {
                let claim = some(number, vec![tagged("customer.signed_up", &[&email])]);
                soon(store.append(claim.when(after(0, &[&email])))).await
            }
        })
        .await;
        assert_eq!(count_ok(&results), 1);
        let broken = |error: &AppendError| matches!(error, AppendError::ConditionBroken { .. });
        assert!(results.iter().filter_map(|result| result.as_ref().err()).all(broken));
    }
    assert_eq!(log(&*store).await.len(), 5);
}

pub async fn racing_claims_of_different_emails_are_all_taken<E: Engine>() {
    let store = E::create().await.store();
    racing(50, |number| {
        let store = Arc::clone(&store);
        async move {
            let email = format!("email:{number}");
            let claim = some(number, vec![tagged("customer.signed_up", &[&email])]);
            append(&*store, claim.when(after(0, &[&email]))).await;
        }
    })
    .await;
    assert_dense(&log(&*store).await);
}

/// Up to where somebody has looked at the events with a tag, and how many there were.
async fn looked(store: &dyn Replica, name: &str) -> (Position, usize) {
    let filter = Filter { tags: vec![tag(name)], ..Filter::default() };
    let (mut seen, mut count) = (Position::START, 0);
    loop {
        let read = ReadAll::after(seen, 100).only(filter.clone());
        let page = soon(store.read_all(read)).await.expect("the log can be read");
        (seen, count) = (page.seen, count + page.events.len());
        if page.seen == page.head {
            return (seen, count);
        }
    }
}

pub async fn conditions_notice_plain_appends_that_race_them<E: Engine>() {
    let store = E::create().await.store();
    let decided = racing(24, |number| {
        let store = Arc::clone(&store);
        async move {
            let mut decided = Vec::new();
            for _ in 0..10 {
                let write = some(number, vec![tagged("seat.taken", &["seat:1"])]);
                if number % 2 == 0 {
                    append(&*store, write).await;
                    continue;
                }
                let (seen, _) = looked(&*store, "seat:1").await;
                let conditional = write.when(after(seen.get(), &["seat:1"]));
                if let Ok(appended) = soon(store.append(conditional)).await {
                    decided.push((seen, appended.outcome.last()));
                }
            }
            decided
        }
    })
    .await;
    let tagged: Vec<_> = log(&*store).await.iter().map(|event| event.position).collect();
    for (seen, at) in decided.into_iter().flatten() {
        let missed = tagged.iter().find(|position| **position > seen && **position < at);
        assert_eq!(missed, None, "decided after {seen}, written at {at}");
    }
}

pub async fn a_limit_of_three_is_kept_by_thirty_racing_claims<E: Engine>() {
    let store = E::create().await.store();
    racing(30, |number| {
        let store = Arc::clone(&store);
        async move {
            loop {
                let (seen, count) = looked(&*store, "customer:kim").await;
                if count == 3 {
                    return;
                }
                let claim = some(number, vec![tagged("loan.given", &["customer:kim"])]);
                let claim = claim.when(after(seen.get(), &["customer:kim"]));
                if soon(store.append(claim)).await.is_ok() {
                    return;
                }
            }
        }
    })
    .await;
    assert_eq!(looked(&*store, "customer:kim").await.1, 3);
}

pub async fn racing_claims_that_overlap_never_share_a_seat<E: Engine>() {
    let store = E::create().await.store();
    let results = racing(32, |number| {
        let store = Arc::clone(&store);
        async move {
            // Two neighbouring seats of eight, in one append over two streams.
            let seats = [format!("seat:{}", number % 8), format!("seat:{}", (number + 1) % 8)];
            let booking = some(number, vec![tagged("seat.taken", &[&seats[0]])])
                .and(thing("hall"), Expected::Any, vec![tagged("seat.taken", &[&seats[1]])])
                .when(after(0, &[&seats[0]]))
                .when(after(0, &[&seats[1]]));
            soon(store.append(booking)).await
        }
    })
    .await;
    let log = log(&*store).await;
    assert_eq!(log.len(), 2 * count_ok(&results));
    let mut seats: Vec<_> = log.iter().map(|event| event.metadata.tags[0].to_string()).collect();
    seats.sort();
    seats.dedup();
    assert_eq!(seats.len(), log.len(), "a seat was taken twice");
}
