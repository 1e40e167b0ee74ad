//! Positions of a log and versions of a stream: from one, without gaps, in commit order.

use std::sync::Arc;

use ondol_kernel::Position;

use super::Engine;
use super::given::{
    accepted, append, assert_dense, count_ok, events, exactly, expecting, log, one, racing, some,
    soon, version,
};
use crate::{AppendError, Expected, Outcome};

pub async fn the_first_event_has_position_one_and_version_one<E: Engine>() {
    let store = E::create().await.store();
    append(&*store, one("a")).await;
    let log = log(&*store).await;
    assert_eq!((log[0].position.get(), log[0].version.get()), (1, 1));
}

pub async fn positions_count_on_across_streams_and_versions_within_each<E: Engine>() {
    let store = E::create().await.store();
    for key in ["a", "b", "a", "c", "b", "a"] {
        append(&*store, one(key)).await;
    }
    let log = log(&*store).await;
    assert_dense(&log);
    let versions: Vec<_> = log.iter().map(|event| event.version.get()).collect();
    assert_eq!(versions, [1, 1, 2, 1, 2, 3]);
}

pub async fn an_outcome_tells_the_positions_of_the_events<E: Engine>() {
    let store = E::create().await.store();
    assert_eq!(append(&*store, one("a")).await.outcome, accepted(1, 1));
    assert_eq!(append(&*store, some("b", events(3))).await.outcome, accepted(2, 4));
    assert_eq!(append(&*store, one("a")).await.outcome, accepted(5, 5));
}

/// Lets tasks append one event at a time, checks the log, and gives the positions by task.
async fn race<E: Engine>(writers: u64, each: u64, key: fn(u64) -> u64) -> Vec<Vec<Position>> {
    let store = E::create().await.store();
    let positions = racing(writers, |number| {
        let store = Arc::clone(&store);
        async move {
            let mut positions = Vec::new();
            for _ in 0..each {
                positions.push(append(&*store, one(key(number))).await.outcome.last());
            }
            positions
        }
    })
    .await;
    let log = log(&*store).await;
    assert_dense(&log);
    assert_eq!(log.len(), usize::try_from(writers * each).expect("few events"));
    let mut told: Vec<_> = positions.iter().flatten().map(|position| position.get()).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=writers * each).collect::<Vec<_>>(), "a position was told twice");
    positions
}

pub async fn sixteen_writers_of_their_own_streams_leave_no_gap<E: Engine>() {
    race::<E>(16, 40, |number| number).await;
}

pub async fn sixty_four_writers_of_one_stream_leave_no_gap<E: Engine>() {
    race::<E>(64, 10, |_| 0).await;
}

pub async fn what_was_acknowledged_first_stands_first<E: Engine>() {
    for positions in race::<E>(16, 20, |number| number % 4).await {
        assert!(positions.is_sorted(), "found {positions:?}");
    }
}

pub async fn of_many_writers_of_the_same_version_exactly_one_wins<E: Engine>() {
    let store = E::create().await.store();
    for version in 0..10 {
        let results = racing(32, |_| {
            let store = Arc::clone(&store);
            async move { soon(store.append(expecting("a", exactly(version)))).await }
        })
        .await;
        assert_eq!(count_ok(&results), 1, "won at version {version}");
    }
    assert_dense(&log(&*store).await);
}

pub async fn a_count_that_is_kept_by_expected_versions_loses_nothing<E: Engine>() {
    let store = E::create().await.store();
    racing(16, |_| {
        let store = Arc::clone(&store);
        async move {
            let mut added = 0;
            while added < 5 {
                let expected = Expected::Exactly(version(&*store, "count").await);
                match soon(store.append(expecting("count", expected))).await {
                    Ok(_) => added += 1,
                    Err(error) => {
                        assert!(matches!(error, AppendError::Conflict { .. }), "found {error}");
                    }
                }
            }
        }
    })
    .await;
    assert_eq!(version(&*store, "count").await.get(), 80);
}

pub async fn writers_in_conflict_leave_no_gaps<E: Engine>() {
    let store = E::create().await.store();
    let results = racing(32, |number| {
        let store = Arc::clone(&store);
        async move {
            let expected = if number % 2 == 0 { Expected::NoStream } else { Expected::Exists };
            let mut taken = 0;
            for key in 0..8 {
                taken += usize::from(soon(store.append(expecting(key, expected))).await.is_ok());
            }
            taken
        }
    })
    .await;
    let log = log(&*store).await;
    assert_eq!(log.len(), results.iter().sum::<usize>());
    assert_dense(&log);
}

pub async fn positions_and_versions_go_on_after_reopening<E: Engine>() {
    let mut engine = E::create().await;
    append(&*engine.store(), some("a", events(3))).await;
    engine.reopen().await;
    let store = engine.store();
    let appended = append(&*store, expecting("a", exactly(3))).await;
    assert_eq!(
        appended.outcome,
        Outcome::Accepted { first: Position::new(4), last: Position::new(4) }
    );
    assert_dense(&log(&*store).await);
}
