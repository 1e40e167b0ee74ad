//! Very many deliveries, many of them repeated: whatever comes twice has the effect of once.
//!
//! Wheels turn, and a hand turns a stone for each turn. Between the wheels and the hand, and between
//! the hand and the stones, things are repeated, lost, mixed up and cut off; and the hand forgets
//! twice how far it had come. `ONDOL_DELIVERIES=1000000` makes a million of it.

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::conformance::{Faults, FaultyCalls, FaultyFeed};
use ondol_bus::{Calls, Directory, Feed};
use ondol_domain::Target;
use ondol_doors::{Rng, SeededRng, SystemClock};
use ondol_kernel::Position;
use ondol_runtime::{ServiceOptions, Supervisor};

use crate::counted::{Counted, CountedCalls, CountedFeed};
use crate::mill::{MILL, STONES, hand, home, stones, wheels};

const DELIVERIES: u64 = 12_000;
/// At least so many of a hundred deliveries are repetitions.
const REPEATED_MIN: u64 = 30;
const FAULTS: Faults = Faults { cut: 5, duplicate: 40, reorder: 20, drop: 2, delay: 0 };
/// Long enough for a million on a busy machine.
const LONG: Duration = Duration::from_secs(1_200);

#[tokio::test(flavor = "multi_thread")]
async fn of_many_deliveries_with_a_third_repeated_every_effect_is_had_once() {
    let asked = std::env::var("ONDOL_DELIVERIES").ok().and_then(|number| number.parse().ok());
    let deliveries: u64 = asked.unwrap_or(DELIVERIES);
    // Each turn is asked for more than twice: the hand begins anew after a third, and after two.
    let turns = deliveries.div_ceil(2);
    let (clock, rng): (_, Arc<dyn Rng>) =
        (Arc::new(SystemClock::start()), Arc::new(SeededRng::new(7)));
    let behind = Supervisor::new();
    let wheels = wheels(&home(), turns, &behind).await;
    let (stones_home, house) = (home(), Directory::new());
    let options = ServiceOptions::default();
    let running = stones().start_among(&stones_home, &options, &house, &behind).expect("it starts");

    let counted = Arc::new(Counted::default());
    let feed: Arc<dyn Feed> = wheels.neighbours().feed(MILL);
    let feed = Arc::new(FaultyFeed::new(feed, FAULTS, Arc::clone(&rng), clock.clone()));
    let feed: Arc<dyn Feed> = Arc::new(CountedFeed::of(feed, Arc::clone(&counted)));
    let callee = house.callee(&Target::Service(STONES.to_owned())).expect("it answers");
    let callee: Arc<dyn Calls> = Arc::new(CountedCalls::of(callee, Arc::clone(&counted)));
    let callee: Arc<dyn Calls> = Arc::new(FaultyCalls::new(callee, FAULTS, rng, clock));
    for until in [turns / 3, 2 * turns / 3, turns] {
        let (town, supervisor) = (Directory::new(), Supervisor::new());
        town.publish(MILL, Arc::clone(&feed));
        town.answer(STONES, Arc::clone(&callee));
        // Its views are new each time: it has forgotten everything.
        let hand = hand().start_among(&home(), &options, &town, &supervisor).expect("it starts");
        let mut progress = hand.reactions()[0].watch();
        let dealt = progress.wait_for(|progress| progress.has_dealt(MILL, Position::new(until)));
        tokio::time::timeout(LONG, dealt).await.expect("in time").expect("it runs");
        supervisor.shut_down().await.expect("it ends well");
    }

    let turned = running.head().await.expect("it is asked").position;
    assert_eq!(turned, Position::new(turns), "each turn of a wheel turned a stone once");
    crate::mill::each_stone_turned_as_often_as_its_wheel(&wheels, &running, turns).await;
    let (heard, asked) = (counted.events(), counted.asked());
    let repeated = |all: u64| 100 - turns * 100 / all;
    tell(&format!(
        "{heard} events came, {} % of them again; {asked} were asked, {} % of them again; {turns} turns",
        repeated(heard),
        repeated(asked)
    ));
    assert!(heard >= deliveries && asked >= deliveries, "{heard} {asked}");
    assert!(repeated(heard) >= REPEATED_MIN, "{heard} events came");
    assert!(repeated(asked) >= REPEATED_MIN, "{asked} were asked");
    behind.shut_down().await.expect("it ends well");
}

#[expect(clippy::print_stdout, reason = "whoever makes a million of it wants to see the figures")]
fn tell(text: &str) {
    println!("{text}");
}
