//! Wheels, a hand, and stones: three services.

use std::sync::Arc;

use ondol_domain::{Aggregate, Contract, Decision, Facts, Impossible, accept, policy};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_kernel::Recorded;
use ondol_runtime::{Accepts, Ground, Home, Request, Running, Service, Supervisor};
use ondol_store::{Limits, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

pub(crate) const MILL: &str = "test.mill";
pub(crate) const STONES: &str = "test.stones";
pub(crate) const WHEELS: u64 = 500;
/// How many commands are on their way at once.
const IN_FLIGHT: usize = 256;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Never {}

macro_rules! turning {
    ($(#[$doc:meta])* $thing:ident, $command:ident, $event:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $thing {
            pub(crate) turns: u64,
        }

        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) enum $command {
            Turn,
        }

        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(crate) enum $event {
            Turned,
        }

        impl Facts for $event {
            const KIND: &'static str = $kind;
        }

        impl Aggregate for $thing {
            const KIND: &'static str = $kind;
            type Command = $command;
            type Event = $event;
            type Refusal = Never;

            fn decide(&self, command: $command) -> Decision<Self> {
                match command {
                    $command::Turn => accept($event::Turned),
                }
            }

            fn evolve(self, event: &$event) -> Result<Self, Impossible> {
                match event {
                    $event::Turned => Ok(Self { turns: self.turns + 1 }),
                }
            }
        }
    };
}

turning!(
    /// What turns first.
    Wheel, WheelCommand, WheelEvent, "wheel"
);
turning!(
    /// What is turned by it, whether it was before or not.
    Stone, StoneCommand, StoneEvent, "stone"
);

/// What others hear of wheels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    Turned { wheel: String },
}

impl Facts for Told {
    const KIND: &'static str = "mill.wheel";
    const SERVICE: Option<&'static str> = Some(MILL);
}

/// What others may ask of stones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TurnStone {
    pub(crate) stone: String,
}

impl Contract for TurnStone {
    const SERVICE: &'static str = STONES;
    type Reply = ();
    type Refusal = Never;

    fn key(&self) -> String {
        self.stone.clone()
    }
}

/// A home in memory.
pub(crate) fn home() -> Home {
    let (clock, rng) = (Arc::new(SystemClock::start()), Arc::new(SystemRng));
    let random: &dyn Rng = rng.as_ref();
    let epoch = random.id(clock.now());
    Home {
        ground: Ground { store: Arc::new(MemoryStore::new(epoch, Limits::default())), clock, rng },
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    }
}

/// Wheels that have turned so often in all.
pub(crate) async fn wheels(home: &Home, turns: u64, supervisor: &Supervisor) -> Running {
    let service =
        Service::named(MILL).aggregate::<Wheel>().publishes(|event: &Recorded<WheelEvent>| {
            match event.data {
                WheelEvent::Turned => Some(Told::Turned { wheel: event.stream.key().to_owned() }),
            }
        });
    let running = service.start(home, supervisor).expect("it starts");
    let wheel = running.desk::<Wheel>().expect("it has wheels");
    let mut turning = JoinSet::new();
    for number in 0..turns {
        if turning.len() >= IN_FLIGHT {
            turning.join_next().await.expect("some turn").expect("none panics");
        }
        let (wheel, rng, now) = (wheel.clone(), SystemRng, home.ground.clock.now());
        turning.spawn(async move {
            let rng: &dyn Rng = &rng;
            let request = Request::new(rng.id(now));
            let key = (number % WHEELS).to_string();
            wheel.handle(&key, WheelCommand::Turn, &request).await.expect("it turns");
        });
    }
    turning.join_all().await;
    running
}

/// Turns a stone for each turn of a wheel.
pub(crate) fn hand() -> Service {
    let turn = policy("turn a stone", |told: &Told| match told {
        Told::Turned { wheel } => Some(TurnStone { stone: wheel.clone() }),
    });
    Service::named("test.hand").policy(turn)
}

/// Turn whenever they are told to.
pub(crate) fn stones() -> Service {
    let turn = Accepts::<TurnStone, Stone>::new(
        |_turn| StoneCommand::Turn,
        |_turn, _happened| (),
        |refusal| refusal,
    );
    Service::named(STONES).aggregate::<Stone>().accepts(turn)
}

pub(crate) async fn each_stone_turned_as_often_as_its_wheel(
    mill: &Running,
    stones: &Running,
    turns: u64,
) {
    let (wheel, stone) = (
        mill.desk::<Wheel>().expect("it is as the test needs it"),
        stones.desk::<Stone>().expect("it is as the test needs it"),
    );
    let mut sum = 0;
    for number in 0..WHEELS.min(turns) {
        let key = number.to_string();
        let wheel = wheel.standing(&key).await.expect("it is as the test needs it").state.turns;
        assert_eq!(
            stone.standing(&key).await.expect("it is as the test needs it").state.turns,
            wheel,
            "{key}"
        );
        sum += wheel;
    }
    assert_eq!(sum, turns);
}
