//! A service that publishes, and one that reacts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_bus::{Directory, Feed};
use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, ask, policy};
use ondol_doors::{Clock, Rng, SystemClock, SystemRng};
use ondol_kernel::Recorded;
use ondol_runtime::{Desk, Ground, Home, Request, Running, Service, ServiceOptions, Supervisor};
use ondol_store::EventStore;
use ondol_store_disk::{DiskStore, Doors, Options, RealDisk};
use ondol_timers::MemoryTimers;
use ondol_views_sqlite::SqliteViews;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// What the publishing service is called.
pub(crate) const MILL: &str = "bench.mill";
/// Of how many things something happens.
pub(crate) const STREAMS: u64 = 10_000;
/// How many commands are on their way at once.
const IN_FLIGHT: usize = 4_096;

macro_rules! counting {
    ($(#[$doc:meta])* $thing:ident, $command:ident, $event:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $thing(u64);

        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) enum $command { Turn { by: u64 } }

        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(crate) enum $event { Turned { by: u64 } }

        impl Facts for $event {
            const KIND: &'static str = $kind;
        }

        impl Aggregate for $thing {
            const KIND: &'static str = $kind;
            type Command = $command;
            type Event = $event;
            type Refusal = Never;

            fn decide(&self, command: $command) -> Decision<Self> {
                let $command::Turn { by } = command;
                accept($event::Turned { by })
            }

            fn evolve(self, event: &$event) -> Result<Self, Impossible> {
                let $event::Turned { by } = event;
                Ok(Self(self.0.wrapping_add(*by)))
            }
        }
    };
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Never {}

counting!(
    /// What turns first.
    Wheel, TurnWheel, WheelEvent, "wheel"
);
counting!(
    /// What is turned by it.
    Stone, TurnStone, StoneEvent, "stone"
);

/// What others hear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Told {
    Turned { wheel: String, by: u64 },
}

impl Facts for Told {
    const KIND: &'static str = "bench.wheel";
    const SERVICE: Option<&'static str> = Some(MILL);
}

/// A service that publishes.
#[derive(Debug)]
pub(crate) struct Mill {
    pub(crate) running: Running,
    pub(crate) wheel: Desk<Wheel>,
    supervisor: Supervisor,
    folder: PathBuf,
}

pub(crate) fn home(folder: &Path) -> anyhow::Result<Home> {
    std::fs::create_dir_all(folder)?;
    let (clock, rng) = (Arc::new(SystemClock::start()), Arc::new(SystemRng));
    let doors = Doors { disk: Arc::new(RealDisk), clock: clock.clone(), rng: rng.clone() };
    let store: Arc<dyn EventStore> =
        Arc::new(DiskStore::open(&Options::in_folder(folder.join("log")), &doors)?);
    let views = SqliteViews::open(ondol_views_sqlite::Options::at(folder.join("views.db")))?;
    Ok(Home {
        ground: Ground { store, clock, rng },
        views: Arc::new(views),
        timers: Arc::new(MemoryTimers::default()),
    })
}

impl Mill {
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let supervisor = Supervisor::new();
        let service =
            Service::named(MILL).aggregate::<Wheel>().publishes(|event: &Recorded<WheelEvent>| {
                let WheelEvent::Turned { by } = event.data;
                Some(Told::Turned { wheel: event.stream.key().to_owned(), by })
            });
        let running = service.start(&home(folder)?, &supervisor)?;
        let wheel = running.desk::<Wheel>()?;
        Ok(Self { running, wheel, supervisor, folder: folder.to_owned() })
    }

    pub(crate) async fn filled(folder: &Path, events: u64) -> anyhow::Result<Self> {
        let mill = Self::open(folder)?;
        mill.turn(events).await?;
        Ok(mill)
    }

    /// Turns the wheels so often, many at once.
    pub(crate) async fn turn(&self, events: u64) -> anyhow::Result<()> {
        let mut turning = JoinSet::new();
        for number in 0..events {
            if turning.len() >= IN_FLIGHT {
                turning.join_next().await.transpose()?.transpose()?;
            }
            let wheel = self.wheel.clone();
            turning.spawn(async move { turn_one(&wheel, number).await });
        }
        while let Some(turned) = turning.join_next().await {
            turned??;
        }
        Ok(())
    }

    pub(crate) fn feed(&self) -> Arc<dyn Feed> {
        self.running.neighbours().feed(MILL)
    }

    /// Gives the folder free: whatever runs over its log has come to its end.
    pub(crate) async fn close(self) -> anyhow::Result<PathBuf> {
        let Self { running, wheel, supervisor, folder } = self;
        supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
        drop((running, wheel));
        Ok(folder)
    }
}

pub(crate) async fn turn_one(wheel: &Desk<Wheel>, number: u64) -> anyhow::Result<()> {
    let key = format!("wheel-{}", number % STREAMS);
    let rng: &dyn Rng = &SystemRng;
    let command = rng.id(SystemClock::start().now());
    wheel.handle(&key, TurnWheel::Turn { by: number }, &Request::new(command)).await?;
    Ok(())
}

/// A service that reacts: whenever a wheel has turned, a stone is turned.
pub(crate) fn stones(
    folder: &Path,
    feed: Arc<dyn Feed>,
    supervisor: &Supervisor,
) -> anyhow::Result<Running> {
    let directory = Directory::new();
    directory.publish(MILL, feed);
    let turn = policy("turn the stones", |told: &Told| {
        let Told::Turned { wheel, by } = told;
        Some(ask::<Stone>(wheel, TurnStone::Turn { by: *by }))
    });
    let service = Service::named("bench.stones").aggregate::<Stone>().policy(turn);
    let options = ServiceOptions::default();
    Ok(service.start_among(&home(folder)?, &options, &directory, supervisor)?)
}
