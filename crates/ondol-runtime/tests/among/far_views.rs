//! A view that is folded from what another service tells, over a way that loses, repeats and mixes
//! up: what is missing is seen and read again.

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::Directory;
use ondol_bus::conformance::{Faults, FaultyFeed};
use ondol_domain::{Keys, View};
use ondol_doors::{SeededRng, SystemClock};
use ondol_kernel::Recorded;
use ondol_runtime::{Service, ServiceOptions, Supervisor};
use ondol_views::Extent;
use serde::{Deserialize, Serialize};

use crate::mill::{MILL, Told, Wheel, hand, home, wheels};

const TURNS: u64 = 600;
/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Turns {
    pub(crate) seen: u64,
}

impl View for Turns {
    const NAME: &'static str = "turns";
    const VERSION: u32 = 1;

    type Event = Told;

    fn key(event: &Recorded<Told>) -> Keys {
        match &event.data {
            Told::Turned { wheel } => Keys::one(wheel),
        }
    }

    fn apply(&mut self, event: &Recorded<Told>) {
        match event.data {
            Told::Turned { .. } => self.seen += 1,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_a_feed_is_seen_and_filled_before_a_view_folds_on() {
    let supervisor = Supervisor::new();
    let mill = wheels(&home(), TURNS, &supervisor).await;
    let town = Directory::new();
    let (rng, clock) = (Arc::new(SeededRng::new(3)), Arc::new(SystemClock::start()));
    let faulty = FaultyFeed::new(
        mill.neighbours().feed(MILL),
        Faults { cut: 5, drop: 3, ..Faults::OFTEN },
        rng,
        clock,
    );
    town.publish(MILL, Arc::new(faulty));
    let service: Service = hand().view::<Turns>();
    let options = ServiceOptions::default();
    let running = service.start_among(&home(), &options, &town, &supervisor).unwrap();
    let wheel = mill.desk::<Wheel>().unwrap();
    let turns = running.view::<Turns>().unwrap();
    let all = async {
        for number in 0..crate::mill::WHEELS {
            let key = number.to_string();
            let expected = wheel.standing(&key).await.unwrap().state.turns;
            let mut look = tokio::time::interval(Duration::from_millis(10));
            loop {
                look.tick().await;
                // Until it has caught up for the first time, it does not answer.
                let found = turns.get(&key).await.ok().flatten();
                let seen = found.map_or(0, |found| found.state.seen);
                assert!(seen <= expected, "{key}: {seen} of {expected}");
                if seen == expected {
                    break;
                }
            }
        }
    };
    tokio::time::timeout(LONG, all).await.expect("in time");
    let control = running.view_control("turns").unwrap();
    // A replay over a way that does nothing wrong.
    town.publish(MILL, mill.neighbours().feed(MILL));
    let verified = control.verify(Extent::Whole).await.unwrap();
    assert!(verified.is_equal(), "{verified:?}");
    supervisor.shut_down().await.unwrap();
}
