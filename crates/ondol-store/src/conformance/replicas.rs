//! A copy is exact: every event, position and outcome; what would not be exact is refused.

use std::sync::Arc;

use ondol_kernel::{Envelope, Metadata, Payload, Position, Version};

use super::Engine;
use super::given::{
    accepted, append, assert_dense, command, count_ok, event, events, exactly, expecting, head,
    log, one, outcome, racing, refused, some, soon, stream, tag, tagged, thing, version, void,
};
use crate::{
    Append, AppendError, Condition, EventStore, Expected, Filter, Replica, ReplicateError,
    Subscription,
};

/// A log with a bit of everything: 9 events, 5 commands.
async fn original<E: Engine>() -> E {
    let engine = E::create().await;
    let store = engine.store();
    append(&*store, some("a", vec![tagged("thing.named", &["name:kim"])])).await;
    let both = some("a", events(2)).and(thing("b"), Expected::NoStream, events(1));
    append(&*store, both.by(command(1))).await;
    let no = Payload::json("\"no\"");
    append(&*store, Append::refusal(command(2), no, Metadata::default())).await;
    append(&*store, Append::nothing(command(3), Metadata::default())).await;
    void(&*store, command(4)).await;
    append(&*store, one("b").by(command(5))).await;
    append(&*store, one("c")).await;
    engine
}

async fn take_over(store: &dyn Replica, events: Vec<Envelope>) -> Position {
    soon(store.append_recorded(events)).await.expect("the events are in order")
}

/// Offers what must not be taken, and checks that it left no trace.
async fn is_refused(store: &dyn Replica, events: Vec<Envelope>) -> ReplicateError {
    let before = log(store).await;
    let error = soon(store.append_recorded(events)).await.expect_err("a rule is broken");
    assert_eq!(log(store).await, before, "refused events left a trace");
    error
}

async fn copied<E: Engine>() -> (E, E) {
    let (from, to) = (original::<E>().await, E::create().await);
    take_over(&*to.store(), log(&*from.store()).await).await;
    (from, to)
}

pub async fn a_copy_has_every_event_where_it_was<E: Engine>() {
    let (from, to) = copied::<E>().await;
    assert_eq!(log(&*to.store()).await, log(&*from.store()).await);
    assert_eq!(stream(&*to.store(), "a").await, stream(&*from.store(), "a").await);
    assert_eq!(head(&*to.store()).await.get(), 9);
}

pub async fn taking_over_tells_where_the_log_ends_then<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let log = log(&*from.store()).await;
    assert_eq!(take_over(&*to, log[..4].to_vec()).await.get(), 4);
    assert_eq!(take_over(&*to, log[4..].to_vec()).await.get(), 9);
}

pub async fn a_copy_remembers_every_outcome<E: Engine>() {
    let (from, mut to) = copied::<E>().await;
    for _ in 0..2 {
        for number in 1..=5 {
            let expected = outcome(&*from.store(), command(number)).await;
            assert!(expected.is_some());
            assert_eq!(outcome(&*to.store(), command(number)).await, expected);
        }
        to.reopen().await;
    }
}

pub async fn a_command_repeated_at_a_copy_is_answered_as_before<E: Engine>() {
    let (_, to) = copied::<E>().await;
    let again = append(&*to.store(), one("z").by(command(1))).await;
    assert_eq!((again.outcome, again.repeated), (accepted(2, 4), true));
    assert!(append(&*to.store(), one("z").by(command(4))).await.repeated);
    assert_eq!(version(&*to.store(), "z").await, Version::EMPTY);
}

pub async fn a_copy_goes_on_as_a_log_of_its_own<E: Engine>() {
    let (_, mut to) = copied::<E>().await;
    append(&*to.store(), expecting("a", exactly(3))).await;
    to.reopen().await;
    let store = to.store();
    assert_eq!(append(&*store, expecting("c", exactly(1))).await.outcome, accepted(11, 11));
    let claim = one("d").when(Condition::never(tag("name:kim")));
    let error = refused(&*store, claim).await;
    assert!(matches!(error, AppendError::ConditionBroken { at } if at.get() == 1));
    assert_dense(&log(&*store).await);
}

pub async fn a_copy_is_another_life_of_the_log<E: Engine>() {
    let (from, to) = copied::<E>().await;
    let epoch = async |engine: &E| engine.store().head().await.expect("it can be read").epoch;
    assert_ne!(epoch(&from).await, epoch(&to).await);
}

pub async fn a_copy_is_made_in_pieces_across_reopening<E: Engine>() {
    let (from, mut to) = (original::<E>().await, E::create().await);
    let log_from = log(&*from.store()).await;
    for piece in log_from
        .chunk_by(|a, b| a.metadata.command.is_some() && a.metadata.command == b.metadata.command)
    {
        take_over(&*to.store(), piece.to_vec()).await;
        to.reopen().await;
    }
    assert_eq!(log(&*to.store()).await, log_from);
    assert_eq!(outcome(&*to.store(), command(1)).await, Some(accepted(2, 4)));
}

pub async fn taking_over_nothing_changes_nothing<E: Engine>() {
    let store = original::<E>().await.store();
    assert_eq!(take_over(&*store, Vec::new()).await.get(), 9);
    assert_eq!(head(&*store).await.get(), 9);
}

pub async fn a_gap_is_not_taken_over<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let all = log(&*from.store()).await;
    for wrong in [all[1..].to_vec(), [&all[..4], &all[5..]].concat()] {
        let error = is_refused(&*to, wrong).await;
        assert!(matches!(error, ReplicateError::OutOfOrder { .. }), "found {error}");
    }
    let error = is_refused(&*to, all[7..].to_vec()).await;
    let ReplicateError::OutOfOrder { expected, found } = error else {
        return assert_eq!(error.to_string(), "out of order");
    };
    assert_eq!((expected.get(), found.get()), (1, 8));
}

pub async fn what_is_there_already_is_not_taken_over_again<E: Engine>() {
    let (from, to) = copied::<E>().await;
    for again in [log(&*from.store()).await, log(&*from.store()).await[8..].to_vec()] {
        let error = is_refused(&*to.store(), again).await;
        assert!(matches!(error, ReplicateError::OutOfOrder { .. }), "found {error}");
    }
}

pub async fn a_version_out_of_order_is_not_taken_over<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let all = log(&*from.store()).await;
    for (at, version) in [(0, 0), (0, 2), (2, 2), (2, 4), (8, u64::MAX)] {
        let mut wrong = all.clone();
        wrong[at].version = Version::new(version);
        let error = is_refused(&*to, wrong).await;
        assert!(matches!(error, ReplicateError::VersionOutOfOrder { .. }), "found {error}");
    }
    take_over(&*to, all[..4].to_vec()).await;
    let mut wrong = all[4..].to_vec();
    wrong[3].version = Version::new(1);
    let error = is_refused(&*to, wrong).await;
    assert!(matches!(error, ReplicateError::VersionOutOfOrder { .. }), "found {error}");
}

pub async fn a_command_in_pieces_is_not_taken_over<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let all = log(&*from.store()).await;
    let mut apart = all.clone();
    apart[8].metadata.command = Some(command(1));
    let error = is_refused(&*to, apart.clone()).await;
    assert!(matches!(error, ReplicateError::CommandInPieces { .. }), "found {error}");
    take_over(&*to, all[..8].to_vec()).await;
    let error = is_refused(&*to, apart[8..].to_vec()).await;
    assert!(
        matches!(error, ReplicateError::CommandInPieces { command: found } if found == command(1)),
        "found {error}"
    );
}

pub async fn more_than_a_page_and_a_command_is_not_taken_over<E: Engine>() {
    let store = E::create().await.store();
    let (most, _) = store.limits().recorded_max();
    let recorded = |number: usize| {
        let number = number as u64;
        event().recorded(thing("a"), Version::new(number), Position::new(number))
    };
    let error = is_refused(&*store, (1..=most + 1).map(recorded).collect()).await;
    assert!(matches!(error, ReplicateError::TooMuch { .. }), "found {error}");
    assert_eq!(take_over(&*store, (1..=most).map(recorded).collect()).await.get(), most as u64);
}

pub async fn a_subscriber_sees_what_is_taken_over<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let store: Arc<dyn EventStore> = Arc::<dyn Replica>::clone(&to);
    let mut subscription = Subscription::new(store, Position::START, Filter::default(), 100);
    let all = log(&*from.store()).await;
    let (_, batch) =
        tokio::join!(take_over(&*to, all.clone()), async { soon(subscription.next()).await });
    assert_eq!(batch.expect("the log can be read").events, all);
}

pub async fn of_copies_that_race_one_takes_over<E: Engine>() {
    let (from, to) = (original::<E>().await, E::create().await.store());
    let all = log(&*from.store()).await;
    let results = racing(8, |_| {
        let (to, all) = (Arc::clone(&to), all.clone());
        async move { soon(to.append_recorded(all)).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    assert_eq!(log(&*to).await, all);
}

pub async fn a_copy_that_races_appends_is_exact_or_not_made<E: Engine>() {
    let from = original::<E>().await;
    let all = log(&*from.store()).await;
    for _ in 0..5 {
        let to = E::create().await.store();
        let results = racing(2, |task| {
            let (to, all) = (Arc::clone(&to), all.clone());
            async move {
                if task == 0 {
                    return soon(to.append_recorded(all)).await.is_ok();
                }
                append(&*to, one("other")).await;
                true
            }
        })
        .await;
        let found = log(&*to).await;
        assert_dense(&found);
        let is_copied = found.len() == 10;
        assert_eq!(results.iter().all(|is_done| *is_done), is_copied);
        assert!(!is_copied || found[..9] == all);
        assert!(is_copied || found.len() == 1);
    }
}
