//! A policy that looks at a view before it says anything.

use std::time::Duration;

use ondol_bus::Directory;
use ondol_domain::{Policy, Target, policy_reading};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_kernel::{Position, Recorded};
use ondol_runtime::{Request, Running, Service, ServiceOptions, ServiceProblem, Supervisor};

use crate::far_views::Turns;
use crate::mill::{
    MILL, STONES, Stone, Told, TurnStone, Wheel, WheelCommand, home, stones, wheels,
};

/// Long enough for anything that comes, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);
/// A stone is turned once a wheel has turned so often.
const ENOUGH: u64 = 3;

fn turn_when_it_is_enough() -> Policy {
    policy_reading(
        "turn when it is enough",
        |event: &Recorded<Told>| match &event.data {
            Told::Turned { wheel } => Some(wheel.clone()),
        },
        |event: &Recorded<Told>, turns: Option<Turns>| {
            let Told::Turned { wheel } = &event.data;
            let seen = turns.map_or(0, |turns| turns.seen);
            (seen >= ENOUGH).then(|| TurnStone { stone: wheel.clone() })
        },
    )
}

async fn turn(mill: &Running, key: &str) {
    let rng: &dyn Rng = &SystemRng;
    let request = Request::new(rng.id(SystemClock::start().now()));
    let wheel = mill.desk::<Wheel>().expect("it is as the test needs it");
    wheel.handle(key, WheelCommand::Turn, &request).await.expect("it is as the test needs it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_reads_a_view_that_has_folded_in_the_event_itself() {
    let supervisor = Supervisor::new();
    let mill = wheels(&home(), 0, &supervisor).await;
    let (town, options) = (Directory::new(), ServiceOptions::default());
    town.publish(MILL, mill.neighbours().feed(MILL));
    let stones = stones().start(&home(), &supervisor).unwrap();
    let callee = stones.neighbours().callee(&Target::Service(STONES.to_owned())).unwrap();
    town.answer(STONES, callee);
    let hand = Service::named("test.hand").view::<Turns>().policy(turn_when_it_is_enough());
    let hand = hand.start_among(&home(), &options, &town, &supervisor).unwrap();
    let mut progress = hand.reactions()[0].watch();
    for position in 1..=5 {
        turn(&mill, "a").await;
        let dealt = progress.wait_for(|one| one.has_dealt(MILL, Position::new(position)));
        tokio::time::timeout(LONG, dealt).await.expect("in time").expect("it runs");
        let turned = stones.desk::<Stone>().unwrap().standing("a").await.unwrap().state.turns;
        // Were the view behind the event, the third turn would not be enough yet.
        assert_eq!(turned, position.saturating_sub(ENOUGH - 1), "after {position} turns");
    }
    let described = hand.description().reactions[0].clone();
    assert_eq!(described.reads, Some("turns"));
    assert_eq!(described.asks.unwrap().target, Target::Service(STONES.to_owned()));
    supervisor.shut_down().await.unwrap();
}

#[test]
fn a_policy_that_reads_a_view_which_is_not_folded_here_is_told_before_it_runs() {
    let service = Service::named("test.hand").policy(turn_when_it_is_enough());
    let problems = service.check().unwrap_err().found;
    let wrong = |problem: &ServiceProblem| {
        matches!(problem, ServiceProblem::ReadsNoView { view: "turns", .. })
    };
    assert!(problems.iter().any(wrong), "{problems:?}");
}
