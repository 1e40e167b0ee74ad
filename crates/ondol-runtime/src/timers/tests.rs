//! Timers of things: set with their events, fired once, and never after they were replaced.

mod parking;

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::{CommandId, EventType, Position, StreamId, Timestamp};
use ondol_store::{EventStore, Limits, LogEpoch, MemoryStore, ReadStream};
use ondol_timers::{Generation, MemoryTimers, Timer, TimerId, TimerStore};
use ondol_views::MemoryViews;

use crate::desk::Timed;
use crate::{Desk, Ground, HandleError, Home, Request, Running, Service, Supervisor};
use parking::{Command, Ticket};

struct Scene {
    clock: Arc<ManualClock>,
    home: Home,
    running: Running,
    supervisor: Supervisor,
}

fn begin() -> Scene {
    let start = "2026-03-01T00:00:00Z".parse().expect("a moment");
    let clock = Arc::new(ManualClock::at(start));
    let store: Arc<dyn EventStore> =
        Arc::new(MemoryStore::new(LogEpoch::from_u128(1), Limits::default()));
    let ground = Ground {
        store,
        clock: Arc::<ManualClock>::clone(&clock),
        rng: Arc::new(SeededRng::new(1)),
    };
    let (views, timers) = (Arc::new(MemoryViews::default()), Arc::new(MemoryTimers::default()));
    begin_in(clock, Home { ground, views, timers })
}

fn begin_in(clock: Arc<ManualClock>, home: Home) -> Scene {
    let supervisor = Supervisor::new();
    let service = Service::named("town.parking").aggregate::<Ticket>();
    let running = service.start(&home, &supervisor).expect("it holds together");
    Scene { clock, home, running, supervisor }
}

impl Scene {
    fn desk(&self) -> Desk<Ticket> {
        self.running.desk().expect("the service has tickets")
    }

    async fn ask(&self, key: &str, command: Command, id: u128) -> Result<(), HandleError> {
        let request = Request::new(CommandId::from_u128(id));
        self.desk().handle(key, command, &request).await.map(drop)
    }

    async fn types(&self, key: &str) -> Vec<EventType> {
        let stream = StreamId::new("ticket", key).expect("a stream");
        let events = self.home.ground.store.read_stream(ReadStream::forward(stream, 100)).await;
        events.expect("the log is read").into_iter().map(|event| event.event_type).collect()
    }

    async fn names(&self, key: &str) -> Vec<String> {
        self.types(key).await.iter().map(ToString::to_string).collect()
    }

    /// Lets time pass in steps until so many timers have fired.
    async fn fired(&self, count: u64) {
        for _step in 0..1_000 {
            if self.running.timers().fired >= count {
                return;
            }
            self.clock.advance(Duration::from_millis(50));
            for _turn in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        assert!(self.running.timers().fired >= count, "found {:?}", self.running.timers());
    }

    async fn pass(&self, duration: Duration) {
        for _step in 0..10 {
            self.clock.advance(duration / 10);
            for _turn in 0..100 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn end(self) -> (Arc<ManualClock>, Home) {
        self.supervisor.shut_down().await.expect("it stops well");
        (self.clock, self.home)
    }
}

fn timer(key: &str, generation: u64) -> Timer {
    let stream = StreamId::new("ticket", key).expect("a stream");
    let id = TimerId { stream, name: "expiry".parse().expect("a name") };
    Timer { id, generation: Generation(generation), due: Timestamp::EPOCH }
}

#[tokio::test]
async fn a_timer_asks_its_command_when_it_is_due_and_not_before() {
    let scene = begin();
    scene.ask("a", Command::Buy { minutes: 30 }, 1).await.expect("it is answered");
    scene.pass(Duration::from_secs(29 * 60)).await;
    assert_eq!(scene.names("a").await, ["ticket.bought"]);
    scene.pass(Duration::from_secs(2 * 60)).await;
    scene.fired(1).await;
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.expired"]);
}

#[tokio::test]
async fn a_timer_that_was_replaced_fires_at_its_new_time_only() {
    let scene = begin();
    scene.ask("a", Command::Buy { minutes: 30 }, 1).await.expect("it is answered");
    scene.pass(Duration::from_secs(60)).await;
    scene.ask("a", Command::Extend { minutes: 90 }, 2).await.expect("it is answered");
    scene.pass(Duration::from_secs(60 * 60)).await;
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.extended"]);
    scene.pass(Duration::from_secs(60 * 60)).await;
    scene.fired(1).await;
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.extended", "ticket.expired"]);
}

#[tokio::test]
async fn trap_32_a_timer_that_was_cancelled_and_fires_late_does_nothing() {
    let scene = begin();
    scene.ask("a", Command::Buy { minutes: 30 }, 1).await.expect("it is answered");
    scene.ask("a", Command::Leave, 2).await.expect("it is answered");
    // Somebody had read it before it was cancelled, and comes with it only now.
    scene.desk().fire(&timer("a", 1)).await.expect("there is nothing more to do about it");
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.left"]);
}

#[tokio::test]
async fn trap_32_a_timer_that_was_replaced_and_fires_late_does_nothing() {
    let scene = begin();
    scene.ask("a", Command::Buy { minutes: 30 }, 1).await.expect("it is answered");
    scene.ask("a", Command::Extend { minutes: 30 }, 2).await.expect("it is answered");
    scene.desk().fire(&timer("a", 1)).await.expect("there is nothing more to do about it");
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.extended"]);
    scene.desk().fire(&timer("a", 2)).await.expect("it is fired");
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.extended", "ticket.expired"]);
}

#[tokio::test]
async fn a_timer_that_fires_twice_has_the_effect_of_once() {
    let scene = begin();
    scene.ask("a", Command::Remind { every_minutes: 10 }, 1).await.expect("it is answered");
    for _again in 0..3 {
        scene.desk().fire(&timer("a", 1)).await.expect("it is fired");
    }
    assert_eq!(scene.names("a").await, ["ticket.reminded", "ticket.reminded"]);
}

#[tokio::test]
async fn a_timer_that_sets_itself_again_goes_on() {
    let scene = begin();
    scene.ask("a", Command::Remind { every_minutes: 10 }, 1).await.expect("it is answered");
    for round in 1..=3 {
        scene.pass(Duration::from_secs(601)).await;
        scene.fired(round).await;
    }
    assert_eq!(scene.names("a").await.len(), 4);
}

#[tokio::test]
async fn timers_survive_a_restart_and_the_loss_of_their_book() {
    let scene = begin();
    scene.ask("a", Command::Buy { minutes: 30 }, 1).await.expect("it is answered");
    scene.ask("b", Command::Buy { minutes: 60 }, 2).await.expect("it is answered");
    scene.pass(Duration::from_secs(31 * 60)).await;
    scene.fired(1).await;
    let (clock, home) = scene.end().await;
    clock.advance(Duration::from_secs(60 * 60));
    // What sleeps is made anew from the log; what the log says has ended is not.
    let timers: Arc<dyn TimerStore> = Arc::new(MemoryTimers::default());
    let scene = begin_in(clock, Home { timers, ..home });
    scene.fired(1).await;
    assert_eq!(scene.names("a").await, ["ticket.bought", "ticket.expired"]);
    assert_eq!(scene.names("b").await, ["ticket.bought", "ticket.expired"]);
}

#[tokio::test]
async fn trap_32_after_a_jump_of_the_clock_timers_fire_in_order_and_once() {
    let scene = begin();
    for (number, minutes) in [(1_u64, 50), (2, 40), (3, 30)] {
        let buy = Command::Buy { minutes };
        scene.ask(&format!("t{number}"), buy, number.into()).await.expect("it is answered");
    }
    let (forward, back) = ("2026-03-02T00:00:00Z", "2026-02-01T00:00:00Z");
    scene.clock.jump_to(forward.parse().expect("a moment"));
    scene.fired(3).await;
    scene.clock.jump_to(back.parse().expect("a moment"));
    scene.pass(Duration::from_secs(10)).await;
    scene.clock.jump_to(forward.parse().expect("a moment"));
    scene.pass(Duration::from_secs(10)).await;
    assert_eq!(scene.running.timers().fired, 3);
    for key in ["t1", "t2", "t3"] {
        assert_eq!(scene.names(key).await, ["ticket.bought", "ticket.expired"]);
    }
}

#[tokio::test]
async fn an_event_that_wants_what_cannot_be_is_not_recorded() {
    let scene = begin();
    let refused = scene.ask("a", Command::Buy { minutes: u64::MAX / 60 }, 1).await;
    assert!(matches!(refused, Err(HandleError::TimerWrong(_))), "found {refused:?}");
    assert_eq!(scene.home.ground.store.head().await.expect("it is read").position, Position::START);
}
