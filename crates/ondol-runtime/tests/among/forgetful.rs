//! A call that is given up while nobody knows whether it took effect.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Directory, Reply};
use ondol_domain::{Call, Target};
use ondol_kernel::Position;
use ondol_runtime::{ServiceOptions, Supervisor};

use crate::mill::{self, MILL, STONES, hand, home, stones, wheels};

/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);
const TURNS: u64 = 100;

/// Does what is asked, and never answers.
#[derive(Debug)]
struct Silent(Arc<dyn Calls>);

#[async_trait]
impl Calls for Silent {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.0.ask(call, about).await?;
        std::future::pending().await
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.0.void(call, about).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_27_what_was_dropped_between_sent_and_answered_is_asked_again_and_done_once() {
    let behind = Supervisor::new();
    let mill = wheels(&home(), TURNS, &behind).await;
    let stones = stones().start(&home(), &behind).unwrap();
    let callee = stones.neighbours().callee(&Target::Service(STONES.to_owned())).unwrap();
    let (shared, town) = (home(), Directory::new());
    town.publish(MILL, mill.neighbours().feed(MILL));
    town.answer(STONES, Arc::new(Silent(Arc::clone(&callee))));
    let mut options = ServiceOptions::default();
    options.reaction.finish_longest = Duration::from_millis(10);
    let supervisor = Supervisor::new();
    let silent = hand().start_among(&shared, &options, &town, &supervisor).unwrap();
    // All of it has been done, and none of it was answered.
    let mut done = stones.home().ground.store.watch();
    let all = done.wait_for(|head| head.position == Position::new(TURNS));
    tokio::time::timeout(LONG, all).await.expect("in time").expect("it is there");
    supervisor.shut_down().await.unwrap();
    assert_eq!(silent.reactions()[0].progress().done, 0);
    // The next life asks all of it again, and hears what came of it.
    town.answer(STONES, callee);
    let supervisor = Supervisor::new();
    let hand = hand().start_among(&shared, &options, &town, &supervisor).unwrap();
    let mut progress = hand.reactions()[0].watch();
    let dealt = progress.wait_for(|one| one.has_dealt(MILL, Position::new(TURNS)));
    tokio::time::timeout(LONG, dealt).await.expect("in time").expect("it runs");
    assert_eq!(stones.head().await.unwrap().position, Position::new(TURNS), "done once");
    mill::each_stone_turned_as_often_as_its_wheel(&mill, &stones, TURNS).await;
    supervisor.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_54_with_the_smallest_limits_there_can_be_everything_flows() {
    let behind = Supervisor::new();
    let mill = wheels(&home(), TURNS, &behind).await;
    let stones = stones().start(&home(), &behind).unwrap();
    let callee = stones.neighbours().callee(&Target::Service(STONES.to_owned())).unwrap();
    let town = Directory::new();
    town.publish(MILL, mill.neighbours().feed(MILL));
    town.answer(STONES, callee);
    let mut options = ServiceOptions::default();
    options.reaction.in_flight_max = 1;
    options.reaction.pending_max = 1;
    options.reaction.page_events_max = 1;
    options.reaction.drains_max = 1;
    let hand = hand().start_among(&home(), &options, &town, &behind).unwrap();
    let mut progress = hand.reactions()[0].watch();
    let dealt = progress.wait_for(|one| one.has_dealt(MILL, Position::new(TURNS)));
    tokio::time::timeout(LONG, dealt).await.expect("in time").expect("it runs");
    assert_eq!(stones.head().await.unwrap().position, Position::new(TURNS));
    behind.shut_down().await.unwrap();
}
