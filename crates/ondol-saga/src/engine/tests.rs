//! Sagas over a log in memory, with a clock that is moved by hand.

mod house;
mod traps;

use std::time::Duration;

use ondol_doors::Clock;
use ondol_kernel::{Id, StreamId};

use super::{Definitions, OrderSagaError, Sagas};
use crate::machine::{Order, OrderError};
use crate::{Phase, saga_stream};
use house::{Account, BUSY, House, NOT_YET_THERE, SHUT, about, data, definitions, start, transfer};

#[tokio::test]
async fn a_saga_completes_and_is_counted() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done(), [Account::Take("kim".into()), Account::Put("lee".into())]);
    house.until("the count", async || sagas.metrics().snapshot().completed == 1).await;
    assert_eq!(sagas.metrics().snapshot().steps, 2);
    house.ends().await;
}

#[tokio::test]
async fn two_that_are_started_with_one_identity_are_one() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let first = sagas.start("transfer", &data("kim", "lee"), &about("a")).await.unwrap();
    let second = sagas.start("transfer", &data("kim", "lee"), &about("b")).await.unwrap();
    assert_eq!(first.stream, second.stream);
    assert!(second.repeated);
    house.until_ended(&sagas, &first.stream).await;
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

#[tokio::test]
async fn a_refused_step_has_the_others_undone() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "nobody").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("kim".into()), Account::GiveBack("kim".into())]);
    house.ends().await;
}

#[tokio::test]
async fn a_step_that_is_silent_and_has_taken_effect_is_undone() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn what_a_process_has_left_is_taken_up_by_the_next() {
    let mut house = House::new();
    house.outside.goes_away(BUSY);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    house.ends().await;
    assert_eq!(house.outside.done(), []);
    house.outside.is_there();
    let sagas = house.begins(definitions());
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_may_have_done_it_and_is_asked_again() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is done and not answered", async || !house.outside.done().is_empty()).await;
    house.ends().await;
    house.outside.goes_away(NOT_YET_THERE);
    let sagas = house.begins(definitions());
    house
        .until("it is asked again", async || {
            let one = sagas.find(&stream).await.unwrap().unwrap();
            one.steps["take"].standing.pending().is_none_or(|pending| pending.attempts > 0)
        })
        .await;
    house.outside.is_there();
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

/// A step was done and not answered, its process has crashed, and the next one is not let in.
async fn shut_out_after_a_crash(house: &mut House) -> (Sagas, StreamId) {
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is done and not answered", async || !house.outside.done().is_empty()).await;
    house.ends().await;
    house.outside.goes_away(SHUT);
    let sagas = house.begins(definitions());
    house
        .until("a person is told", async || {
            let one = sagas.find(&stream).await.unwrap().unwrap();
            one.is_ended() || one.stuck.is_some_and(|stuck| stuck.step == "take")
        })
        .await;
    (sagas, stream)
}

#[tokio::test]
async fn what_was_done_before_a_crash_is_undone_though_it_may_not_be_asked_again() {
    let mut house = House::new();
    let (sagas, stream) = shut_out_after_a_crash(&mut house).await;
    house.outside.is_there();
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn one_that_is_shut_out_for_good_is_ended_by_a_person() {
    let mut house = House::new();
    let (sagas, stream) = shut_out_after_a_crash(&mut house).await;
    let skip = Order::Skip { step: "take".into(), by: "kim".into() };
    sagas.order(&stream, skip).await.expect("a person has seen to it");
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    assert_eq!(house.outside.done(), [Account::Take("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn a_step_that_was_never_asked_before_and_is_forbidden_is_refused() {
    let mut house = House::new();
    house.outside.goes_away(SHUT);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    assert_eq!(sagas.metrics().snapshot().stuck, 0, "there is nothing to be made void");
    house.ends().await;
}

#[tokio::test]
async fn two_processes_that_run_one_saga_have_it_done_once() {
    let mut house = House::new();
    let one = house.begins(definitions());
    let other = house.begins(definitions());
    let mut streams = Vec::new();
    for number in 0..20 {
        let sagas = if number % 2 == 0 { &one } else { &other };
        streams.push(start(sagas, &format!("from {number}"), "lee").await);
        other.inner.attend(&streams[number]);
        one.inner.attend(&streams[number]);
    }
    for stream in &streams {
        assert_eq!(house.until_ended(&one, stream).await, Phase::Completed);
    }
    assert_eq!(house.outside.done().len(), 40);
    let failed = |sagas: &Sagas| sagas.metrics().snapshot().failed;
    assert_eq!((failed(&one), failed(&other)), (0, 0), "each reads what the other has written");
    house.ends().await;
    house.ends().await;
}

#[tokio::test]
async fn a_saga_under_way_is_cancelled_and_one_that_has_ended_is_not() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it asks", async || !house.outside.done().is_empty()).await;
    let cancel = || Order::Cancel { because: "changed my mind".into(), by: "kim".into() };
    let ordered = house.clock.now();
    sagas.order(&stream, cancel()).await.unwrap();
    let Phase::Compensated { because } = house.until_ended(&sagas, &stream).await else {
        panic!("it is undone");
    };
    let took = house.clock.now().since(ordered);
    assert!(took < Duration::from_secs(1), "whoever drives it is told: {took:?}");
    assert!(because.contains("changed my mind"), "{because}");
    let error = sagas.order(&stream, cancel()).await.expect_err("it has ended");
    assert!(matches!(error, OrderSagaError::Refused(OrderError::Ended)), "{error}");
    house.ends().await;
}

#[tokio::test]
async fn one_that_has_ended_is_found_for_a_time_and_stays_in_the_log() {
    let mut house = House::new();
    let kept_for = Duration::from_secs(3_600);
    let sagas = house.begins(Definitions::new().and(transfer().kept_for(kept_for)));
    let stream = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    let key = ondol_views::DocumentKey::new(stream.as_str()).expect("a key");
    let found = async || sagas.entries().get(&key).await.is_ok_and(|entry| entry.is_some());
    house.until("it is found", async || found().await).await;
    house.clock.advance(kept_for / 2);
    for _turn in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(found().await, "its time is not over");
    house.clock.advance(kept_for / 2);
    house.until("it is found no more", async || !found().await).await;
    let one = sagas.find(&stream).await.expect("it can be read").expect("its stream stays");
    assert_eq!(one.phase, Phase::Completed);
    house.ends().await;
}

#[tokio::test]
async fn a_saga_is_found_by_how_it_stands() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "nobody").await;
    house.until_ended(&sagas, &stream).await;
    house
        .until("it is found", async || {
            let so = crate::SagaEntry::standing_so(crate::SagaState::Compensated);
            let find = ondol_views::Find::beginning_with("state", &so, 10).unwrap();
            sagas.entries().find(find).await.is_ok_and(|page| page.found.len() == 1)
        })
        .await;
    let timeline = sagas.timeline(&stream).await.unwrap();
    assert!(timeline.iter().any(|entry| entry.told.contains("turns round")));
    let _id: Id<()> = timeline[0].event.of();
    house.ends().await;
}
