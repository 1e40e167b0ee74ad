//! What has gone wrong with other people's sagas, as far as it takes an engine to show it.

use ondol_domain::{Facts, Saga, Turn};
use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, Recorded, SchemaVersion, Version,
};
use ondol_store::{Append, EventStore, Expected};
use serde::{Deserialize, Serialize};

use super::super::Active;
use super::house::Data;
use super::*;

#[tokio::test]
async fn t28_one_whose_definition_is_not_known_is_parked_until_it_is() {
    let mut house = House::new();
    house.outside.goes_away(BUSY);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    house.ends().await;
    house.outside.is_there();
    let other = transfer().step("more", |(from, _)| Account::Take(from.clone()));
    let sagas = house.begins(Definitions::new().and(other.clone()));
    house.until("it is parked", async || sagas.metrics().snapshot().parked > 0).await;
    let resume = Order::Resume { by: "kim".into() };
    let error = sagas.order(&stream, resume).await.expect_err("it is parked");
    assert!(matches!(error, OrderSagaError::Parked { .. }), "{error}");
    assert_eq!(house.outside.done(), []);
    house.ends().await;
    let sagas = house.begins(definitions().and(other));
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

/// A step was undone that was never done.
fn undone(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("saga.undone").unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(r#"{"step":"put"}"#),
    }
}

#[tokio::test]
async fn t31_one_that_cannot_be_read_does_not_keep_others_from_their_end() {
    let mut house = House::new();
    let stream = saga_stream("transfer", "bad").unwrap();
    let append = Append::to(stream.clone(), Expected::NoStream, vec![undone(1)]);
    house.store.append(append).await.unwrap();
    let sagas = house.begins(definitions());
    assert!(sagas.find(&stream).await.is_err());
    // Another one has begun well, and is damaged before anybody drives it.
    let elsewhere = house.engine(definitions(), 7).handle();
    let damaged = start(&elsewhere, "ann", "lee").await;
    let append = Append::to(damaged, Expected::Any, vec![undone(2)]);
    house.store.append(append).await.unwrap();
    let good = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &good).await, Phase::Completed);
    let until = house.clock.now().checked_add(Duration::from_secs(300)).expect("time goes on");
    house.until("time passes", async || house.clock.now() >= until).await;
    let failed = sagas.metrics().snapshot().failed;
    assert!(failed > 3, "it is tried again, and was {failed} times");
    assert!(failed < 20, "it is left alone for longer each time, and was tried {failed} times");
    house.ends().await;
}

#[tokio::test]
async fn one_whose_code_panics_is_stuck_and_goes_on_once_that_is_mended() {
    let mut house = House::new();
    let hasty = Saga::<Data>::named("transfer", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()))
        .undo(|(from, _)| Account::GiveBack(from.clone()))
        .step("put", |(_, to)| {
            assert_ne!(to, "nobody thought of me");
            Account::Put(to.clone())
        });
    let sagas = house.begins(Definitions::new().and(hasty));
    let bad = start(&sagas, "kim", "nobody thought of me").await;
    let good = start(&sagas, "ann", "lee").await;
    assert_eq!(house.until_ended(&sagas, &good).await, Phase::Completed);
    let stuck = async || sagas.find(&bad).await.unwrap().unwrap().stuck;
    house.until("a person is told", async || stuck().await.is_some()).await;
    let because = stuck().await.expect("it is stuck").because;
    assert!(because.contains("has panicked") && because.contains("thought of me"), "{because}");
    assert_eq!(sagas.metrics().snapshot().failed, 0, "it is told of as its own");
    house.ends().await;
    let sagas = house.begins(definitions());
    assert_eq!(house.until_ended(&sagas, &bad).await, Phase::Completed);
    assert_eq!(house.outside.done().len(), 4, "nothing is done twice");
    house.ends().await;
}

#[tokio::test]
async fn a_person_is_told_when_the_way_back_cannot_be_worked_out() {
    let mut house = House::new();
    let saga = Saga::<Data>::named("transfer", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()))
        .undo(|(from, _)| {
            assert_ne!(from, "patience");
            Account::GiveBack(from.clone())
        })
        .step("put", |(_, to)| Account::Put(to.clone()));
    let sagas = house.begins(Definitions::new().and(saga));
    let stream = start(&sagas, "patience", "lee").await;
    house.until("it is asked", async || !house.outside.done().is_empty()).await;
    // The next step is forbidden: an answer that is none, and the saga has to turn round.
    house.outside.goes_away(SHUT);
    house.outside.lets_go.send_replace(true);
    house
        .until("a person is told", async || {
            sagas.find(&stream).await.unwrap().unwrap().stuck.is_some()
        })
        .await;
    assert_eq!(sagas.metrics().snapshot().failed, 0);
    house.ends().await;
}

#[tokio::test]
async fn one_that_only_waits_to_be_tried_again_keeps_no_other_out() {
    let mut house = House::new();
    house.options.in_flight_max = 1;
    let sagas = house.begins(definitions());
    start(&sagas, "busy", "lee").await;
    house
        .until("it is told to come again", async || sagas.metrics().snapshot().unanswered > 0)
        .await;
    let began = house.clock.now();
    let stream = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    let took = house.clock.now().since(began);
    assert!(took < Duration::from_millis(500), "it has waited for {took:?}");
    house.ends().await;
}

#[tokio::test]
async fn t32_a_time_limit_outlives_the_process_that_has_set_it() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is done and not answered", async || !house.outside.done().is_empty()).await;
    house.ends().await;
    house.clock.advance(Duration::from_secs(3_600));
    let sagas = house.begins(definitions());
    let Phase::Compensated { because } = house.until_ended(&sagas, &stream).await else {
        panic!("its time is over");
    };
    assert!(because.contains("not answered in time"), "{because}");
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn t33_one_that_nobody_drives_is_found_without_a_restart() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    // It is recorded by somebody who does not drive it, and tells nobody.
    let elsewhere = house.engine(definitions(), 7).handle();
    let stream = start(&elsewhere, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(sagas.metrics().snapshot().completed, 1);
    house.ends().await;
}

#[tokio::test]
async fn t33_of_two_processes_the_one_with_the_lease_drives_and_the_other_takes_over() {
    let mut house = House::new();
    let other = house.begins_by_lease(definitions(), 1);
    let stream = start(&other, "ann", "lee").await;
    assert_eq!(house.until_ended(&other, &stream).await, Phase::Completed);
    // Another process begins, and the first one has the lease: what the other starts it drives.
    let waiting = house.begins_by_lease(definitions(), 2);
    let stream = start(&waiting, "kim", "lee").await;
    assert_eq!(house.until_ended(&waiting, &stream).await, Phase::Completed);
    assert_eq!(other.metrics().snapshot().completed, 2, "the one with the lease did it");
    assert_eq!(waiting.metrics().snapshot().completed, 0);
    // The one with the lease ends, and gives it back.
    let with_lease = house.supervisors.remove(0);
    with_lease.shut_down().await.expect("nothing has failed");
    let stream = start(&waiting, "cho", "lee").await;
    assert_eq!(house.until_ended(&waiting, &stream).await, Phase::Completed);
    assert_eq!(waiting.metrics().snapshot().completed, 1);
    assert_eq!(house.outside.done().len(), 6);
    house.ends().await;
}

#[tokio::test]
async fn t33_a_process_that_was_frozen_and_wakes_up_records_and_asks_nothing() {
    let mut house = House::new();
    let sleeper = house.begins_by_lease(definitions(), 1);
    let stream = start(&sleeper, "patience", "lee").await;
    house.until("it is asked", async || !house.outside.done().is_empty()).await;
    house.frozen.send_replace(1);
    let other = house.begins_by_lease(definitions(), 2);
    house.until("the other has taken over", async || other.active().contains(&stream)).await;
    assert!(sleeper.active().contains(&stream), "it does not know that its turn is over");
    // Both are answered at once; the one that was frozen first.
    house.outside.lets_go.send_replace(true);
    assert_eq!(house.until_ended(&other, &stream).await, Phase::Completed);
    let (slept, took_over) = (sleeper.metrics().snapshot(), other.metrics().snapshot());
    assert_eq!((slept.steps, took_over.steps), (0, 2));
    assert_eq!(house.outside.done().len(), 2);
    assert!(!sleeper.active().contains(&stream));
    house.frozen.send_replace(0);
    house.ends().await;
    house.ends().await;
}

#[tokio::test]
async fn t33_a_process_whose_turn_is_over_lets_timers_pass_though_nobody_else_has_come() {
    let mut house = House::new();
    let sagas = house.begins_by_lease(definitions(), 1);
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is asked", async || !house.outside.done().is_empty()).await;
    let before = sagas.find(&stream).await.unwrap().unwrap();
    house.frozen.send_replace(1);
    let until = house.clock.now().checked_add(Duration::from_secs(60)).expect("time goes on");
    // It sleeps through the end of its turn, as one does that is frozen.
    house.clock.advance(Duration::from_secs(50));
    house.until("time passes", async || house.clock.now() >= until).await;
    assert!(!sagas.active().contains(&stream), "it has left off");
    assert_eq!(sagas.find(&stream).await.unwrap().unwrap(), before, "and recorded nothing");
    house.frozen.send_replace(0);
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    house.ends().await;
}

#[tokio::test]
async fn t33_what_was_started_while_another_had_the_turn_may_have_been_asked_by_it() {
    let mut house = House::new();
    let other = house.begins_by_lease(definitions(), 1);
    let stream = start(&other, "ann", "lee").await;
    assert_eq!(house.until_ended(&other, &stream).await, Phase::Completed);
    let waiting = house.begins_by_lease(definitions(), 2);
    let stream = start(&waiting, "patience", "lee").await;
    house.until("the other asks", async || house.outside.done().len() == 3).await;
    house.outside.goes_away(SHUT);
    house.supervisors.remove(0).shut_down().await.expect("nothing has failed");
    house
        .until("a person is told", async || {
            let one = waiting.find(&stream).await.unwrap().unwrap();
            one.is_ended() || one.stuck.is_some()
        })
        .await;
    house.outside.is_there();
    house.outside.lets_go.send_replace(true);
    assert!(matches!(house.until_ended(&waiting, &stream).await, Phase::Compensated { .. }));
    assert_eq!(house.outside.done().last(), Some(&Account::GiveBack("patience".into())));
    house.ends().await;
}

#[tokio::test]
async fn t32_one_that_waits_is_woken_when_its_time_is_over_though_its_process_has_ended() {
    let mut house = House::new();
    let waits = || {
        let wait = Saga::<Data>::named("transfer", 1)
            .identified_by(|(from, to)| format!("{from}-{to}"))
            .wait("word", |word: &Word| word.of.clone(), |_data, _word| Some(Turn::GoOn));
        Definitions::new().and(wait.within(Duration::from_secs(120)))
    };
    let sagas = house.begins(waits());
    let stream = start(&sagas, "kim", "lee").await;
    house.ends().await;
    let sagas = house.begins(waits());
    let Phase::Compensated { because } = house.until_ended(&sagas, &stream).await else {
        panic!("its time is over");
    };
    assert!(because.contains("has not happened in time"), "{because}");
    house.ends().await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    of: String,
}

impl Facts for Word {
    const KIND: &'static str = "word";
}

#[tokio::test]
async fn an_event_starts_each_saga_that_it_starts_once() {
    let mut house = House::new();
    let begins = |number: u32| {
        move |word: &Recorded<Word>| Some((word.data.of.clone(), format!("lee {number}")))
    };
    let saga = Saga::<Data>::named("both", 1)
        .starts_on(begins(1))
        .starts_on(begins(2))
        .step("take", |(from, _)| Account::Take(from.clone()));
    let sagas = house.begins(Definitions::new().and(saga));
    let event = NewEvent {
        id: EventId::from_u128(5),
        event_type: EventType::new("word.word").unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(r#"{"of":"kim"}"#),
    };
    let event =
        event.recorded(StreamId::new("word", 1).unwrap(), Version::new(1), Position::new(1));
    for _time in 0..2 {
        sagas.hear(&event).await.expect("it is heard");
    }
    house.until("they end", async || sagas.metrics().snapshot().completed == 2).await;
    assert_eq!(sagas.metrics().snapshot().started, 2);
    house.ends().await;
}

#[tokio::test]
async fn past_its_pivot_one_that_nobody_answers_is_shown_as_stuck() {
    let mut house = House::new();
    let saga = Saga::<Data>::named("transfer", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()))
        .pivot()
        .step("put", |(_, to)| Account::Put(to.clone()))
        .within(Duration::from_secs(5));
    let sagas = house.begins(Definitions::new().and(saga));
    let stream = start(&sagas, "kim", "silence").await;
    let stuck = async || sagas.find(&stream).await.unwrap().unwrap().stuck;
    house.until("a person is told", async || stuck().await.is_some()).await;
    let because = stuck().await.expect("it is stuck").because;
    assert!(because.contains("no answer has come within 5s"), "{because}");
    house.ends().await;
}

#[tokio::test]
async fn t31_many_that_nobody_here_can_drive_do_not_hide_those_behind_them() {
    let mut house = House::new();
    // A sweep looks at one page.
    house.options.sweep_max = 500;
    let gone = Saga::<Data>::named("gone", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()));
    let elsewhere = house.engine(definitions().and(gone), 7).handle();
    for number in 0..600 {
        let about = about(&format!("gone {number}"));
        let data = data(&format!("kim {number}"), "lee");
        elsewhere.start("gone", &data, &about).await.expect("it is recorded");
    }
    house.clock.advance(Duration::from_secs(1));
    let stream = start(&elsewhere, "ann", "lee").await;
    let sagas = house.begins(definitions());
    // It is found late, and may have run out of time by then.
    house.until_ended(&sagas, &stream).await;
    house.ends().await;
}

#[test]
fn a_saga_is_driven_by_one_at_a_time() {
    let (active, stream) = (Active::default(), saga_stream("transfer", "one").unwrap());
    let driver = active.enter(&stream).expect("nobody drives it");
    assert!(active.enter(&stream).is_none());
    drop(driver);
    assert!(active.enter(&stream).is_some());
}
