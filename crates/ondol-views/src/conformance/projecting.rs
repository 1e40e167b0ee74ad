//! A view is folded from its logs, once, whatever happens in between.

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::ManualClock;
use ondol_kernel::{Position, Timestamp};
use ondol_store::{EventStore, MemoryStore};

use super::Stage;
use super::town::{Balance, Event, Town, deposit, other_log, start, tight, town_log, until};
use crate::{
    Checkpoint, CheckpointFault, FollowError, Phase, ProjectorOptions, Source, SourceCheckpoint,
    Step, WaitError,
};

async fn some_events(town: &Town) {
    for round in 0..10 {
        for account in ["kim", "lee", "park", "choi", "jung", "kang"] {
            town.append(account, [deposit(round)]).await;
        }
        town.append("kim", [Event::Sent { to: "lee".to_owned(), amount: 2 }]).await;
    }
}

pub async fn documents_are_folded_from_their_events(stage: Stage) {
    let town = Town::new(stage);
    some_events(&town).await;
    town.append("kim", [Event::Opened { owner: "Kim".to_owned() }, Event::Greeted]).await;
    town.fold_all::<Balance>(ProjectorOptions::default()).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    let kim = &town.documents().await["kim"];
    assert_eq!(kim.last.position, Position::new(71));
    assert_eq!(kim.entries.len(), 2);
}

pub async fn a_restart_goes_on_where_it_stopped(stage: Stage) {
    let town = Town::new(stage);
    for _ in 0..4 {
        some_events(&town).await;
        town.fold_all::<Balance>(tight()).await;
        assert_eq!(town.balances().await, town.expected(&town.log).await);
    }
}

pub async fn a_live_view_follows_its_log(stage: Stage) {
    let town = Town::new(stage);
    let running = town.start::<Balance>(tight());
    town.append("kim", [deposit(1)]).await;
    town.caught_up(&running).await;
    for amount in 2..=20 {
        town.append("kim", [deposit(1)]).await;
        town.caught_up(&running).await;
        assert_eq!(town.amount("kim").await, amount);
    }
    let progress = running.handle.progress().remove(0);
    assert_eq!((progress.phase, progress.behind), (Phase::Live, Some(0)));
    running.stop().await.expect("it stops well");
}

pub async fn events_that_touch_nothing_move_the_checkpoint_on(stage: Stage) {
    let town = Town::new(stage);
    let running = town.start::<Balance>(tight());
    for _ in 0..3 {
        town.append("kim", vec![Event::Greeted; 10]).await;
        town.caught_up(&running).await;
    }
    assert!(town.documents().await.is_empty());
    running.stop().await.expect("it stops well");
}

pub async fn a_log_of_another_life_stops_the_view(stage: Stage) {
    let town = Town::new(stage);
    some_events(&town).await;
    town.fold_all::<Balance>(tight()).await;
    let before = town.documents().await;
    let restored = Town { log: Arc::new(other_log()), ..Town::new(town.stage) };
    some_events(&restored).await;
    some_events(&restored).await;
    let ended = restored.start::<Balance>(tight()).ended().await;
    let fault = matches!(&ended, Err(FollowError::Checkpoint(CheckpointFault::OtherLog { .. })));
    assert!(fault, "found {ended:?}");
    assert_eq!(restored.documents().await, before);
}

pub async fn a_log_that_ends_before_the_checkpoint_stops_the_view(stage: Stage) {
    let town = Town::new(stage);
    some_events(&town).await;
    town.fold_all::<Balance>(tight()).await;
    let cut = Town { log: Arc::new(MemoryStore::default()), ..Town::new(town.stage) };
    cut.append("kim", [deposit(1)]).await;
    let ended = cut.start::<Balance>(tight()).ended().await;
    let fault = matches!(&ended, Err(FollowError::Checkpoint(CheckpointFault::Ahead { .. })));
    assert!(fault, "found {ended:?}");
}

pub async fn two_projections_of_one_view_fold_nothing_twice(stage: Stage) {
    let town = Town::new(stage);
    town.fold_all::<Balance>(tight()).await;
    let both = [town.start::<Balance>(tight()), town.start::<Balance>(tight())];
    for _ in 0..5 {
        some_events(&town).await;
        tokio::task::yield_now().await;
    }
    town.caught_up(&both[0]).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    for running in both {
        running.stop().await.ok();
    }
}

pub async fn several_logs_are_folded_into_one_view(stage: Stage) {
    let town = Town::new(stage);
    let village = Town { log: Arc::new(other_log()), ..Town::new(empty()) };
    town.append("kim", [deposit(1), deposit(2)]).await;
    village.append("kim", [deposit(10)]).await;
    village.append("lee", [deposit(20)]).await;
    let mut parts = town.parts();
    let log: Arc<dyn EventStore> = village.log.clone();
    let name = super::made_up::source("village");
    parts.sources.push(Source::new(name.clone(), log));
    let running = start::<Balance>(tight(), parts.clone());
    town.caught_up(&running).await;
    let head = SourceCheckpoint { source: name, ..village.head().await };
    running.handle.wait_for(&head, Duration::from_secs(20)).await.expect("it catches up");
    assert_eq!((town.amount("kim").await, town.amount("lee").await), (13, 20));
    running.stop().await.expect("it stops well");
    village.append("kim", [deposit(100)]).await;
    let running = start::<Balance>(tight(), parts);
    let head = SourceCheckpoint { source: head.source, ..village.head().await };
    running.handle.wait_for(&head, Duration::from_secs(20)).await.expect("it catches up");
    assert_eq!(town.amount("kim").await, 113);
    running.stop().await.expect("it stops well");
}

fn empty() -> Stage {
    Stage {
        store: Arc::new(crate::MemoryViews::default()),
        faults: Arc::default(),
        guard: Box::new(()),
    }
}

pub async fn waiting_for_a_place_ends_when_it_is_reached(stage: Stage) {
    let town = Town::new(stage);
    let running = town.start::<Balance>(tight());
    town.append("kim", [deposit(1)]).await;
    let head = town.head().await;
    let reached = running.handle.wait_for(&head, Duration::from_secs(20)).await;
    assert_eq!(reached.expect("it is reached"), head.checkpoint);
    running.stop().await.expect("it stops well");
}

pub async fn waiting_is_bounded_and_says_that_it_was_not_met(stage: Stage) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let town = Town { clock: clock.clone(), ..Town::new(stage) };
    town.append("kim", [deposit(1)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let head = town.head().await;
    let position = head.checkpoint.position.plus(5);
    let asked =
        SourceCheckpoint { checkpoint: Checkpoint { position, ..head.checkpoint }, ..head.clone() };
    let within = Duration::from_millis(250);
    let (waited, ()) = tokio::join!(running.handle.wait_for(&asked, within), async {
        tokio::task::yield_now().await;
        clock.advance(within);
    });
    let is_told = matches!(&waited, Err(WaitError::NotMet { asked, found, within: told, .. })
        if *asked == position && *found == Some(head.checkpoint) && *told == within);
    assert!(is_told, "found {waited:?}");
    running.stop().await.expect("it stops well");
}

pub async fn waiting_for_another_life_of_the_log_is_refused(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let epoch = other_log().head().await.expect("it is there").epoch;
    let checkpoint = Checkpoint { epoch, position: Position::new(1) };
    let asked = SourceCheckpoint { source: town_log(), checkpoint };
    let waited = running.handle.wait_for(&asked, Duration::from_secs(20)).await;
    let is_refused = matches!(waited, Err(WaitError::Fault(CheckpointFault::OtherLog { .. })));
    assert!(is_refused, "found {waited:?}");
    running.stop().await.expect("it stops well");
}

pub async fn a_store_that_fails_now_and_then_is_tried_again(stage: Stage) {
    let town = Town::new(stage);
    let running = town.start::<Balance>(tight());
    town.append("first", [deposit(1)]).await;
    town.caught_up(&running).await;
    for step in Step::ALL.into_iter().cycle().take(12) {
        town.stage.faults.arm(step);
        some_events(&town).await;
        until("the fault is met", async || !town.stage.faults.is_armed()).await;
        town.caught_up(&running).await;
        assert_eq!(town.balances().await, town.expected(&town.log).await, "{step:?}");
    }
    running.stop().await.expect("it stops well");
}
