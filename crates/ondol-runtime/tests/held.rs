//! A thing that a saga holds: who conflicts with it is told no or waits, as the thing declares.

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::{
    Aggregate, Decision, Facts, Holder, Impossible, Lock, accept, already_done, refuse,
};
use ondol_doors::{Clock, ManualClock, SeededRng};
use ondol_kernel::{CommandId, Timestamp};
use ondol_runtime::{Desk, DeskOptions, Ground, HandleError, Request, Verdict};
use ondol_store::{EventStore, MemoryStore, ReadAll};
use serde::{Deserialize, Serialize};

/// A room that trips are booked into: one trip at a time may be in the middle of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Room {
    lock: Lock,
    beds: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Command {
    Take { trip: Holder },
    LetGo { trip: Holder },
    AddBed,
    Paint,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Event {
    Taken { trip: Holder },
    LetGo { trip: Holder },
    BedAdded,
    Painted,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
enum Refusal {
    #[error("the trip {by} has it")]
    Taken { by: Holder },
    #[error("the paint would not dry before the trip {by} is done")]
    InUse { by: Holder },
}

impl Facts for Event {
    const KIND: &'static str = "room";
}

impl Aggregate for Room {
    const KIND: &'static str = "room";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (command, self.lock.holder().cloned()) {
            (Command::Take { trip }, Some(by)) if trip == by => already_done(),
            (Command::Take { .. } | Command::AddBed, Some(by)) => refuse(Refusal::Taken { by }),
            (Command::Take { trip }, None) => accept(Event::Taken { trip }),
            (Command::LetGo { trip }, Some(by)) if trip == by => accept(Event::LetGo { trip }),
            (Command::LetGo { .. }, _) => already_done(),
            (Command::AddBed, None) => accept(Event::BedAdded),
            (Command::Paint, Some(by)) => refuse(Refusal::InUse { by }),
            (Command::Paint, None) => accept(Event::Painted),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Taken { trip } => {
                let taken = self.lock.taken_by(trip);
                self.lock = taken.ok_or_else(|| Impossible::new(&self, event))?;
            }
            Event::LetGo { trip } => self.lock = self.lock.let_go_by(trip),
            Event::BedAdded => self.beds += 1,
            Event::Painted => {}
        }
        Ok(self)
    }

    /// Whoever wants the room waits for it; the painter comes another day.
    fn waits_for(refusal: &Refusal) -> Option<Holder> {
        match refusal {
            Refusal::Taken { by } => Some(by.clone()),
            Refusal::InUse { .. } => None,
        }
    }
}

struct House {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    desk: Desk<Room>,
}

impl House {
    fn new() -> Self {
        let (clock, store) = (Arc::new(ManualClock::at(Timestamp::EPOCH)), Arc::default());
        let desk = opened(&clock, &store);
        Self { clock, store, desk }
    }

    async fn asks(&self, id: u128, command: Command) -> Result<Verdict<Room>, HandleError> {
        let answer = self.desk.handle("blue", command, &inside(id)).await;
        answer.map(|answer| answer.verdict)
    }

    async fn happens(&self, id: u128, command: Command) {
        let verdict = self.asks(id, command).await.expect("it is answered");
        assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    }
}

fn opened(clock: &Arc<ManualClock>, store: &Arc<MemoryStore>) -> Desk<Room> {
    let ground =
        Ground { store: store.clone(), clock: clock.clone(), rng: Arc::new(SeededRng::new(1)) };
    Desk::open(ground, DeskOptions::default()).expect("the shapes are right")
}

fn inside(id: u128) -> Request {
    Request::new(CommandId::from_u128(id)).inside()
}

fn trip(number: u32) -> Holder {
    Holder::of("trip", number)
}

#[tokio::test]
async fn what_conflicts_is_refused_where_that_is_declared() {
    let house = House::new();
    house.happens(1, Command::Take { trip: trip(1) }).await;
    let verdict = house.asks(2, Command::Paint).await.expect("it is answered");
    assert!(matches!(verdict, Verdict::Refused(Refusal::InUse { .. })), "{verdict:?}");
}

#[tokio::test]
async fn what_waits_is_done_as_soon_as_the_saga_lets_go() {
    let house = House::new();
    house.happens(1, Command::Take { trip: trip(1) }).await;
    let lets_go = async {
        for _turn in 0..5 {
            tokio::task::yield_now().await;
        }
        assert_eq!(house.desk.standing("blue").await.expect("it is there").version.get(), 1);
        house.happens(4, Command::LetGo { trip: trip(1) }).await;
    };
    let (waits, ()) = tokio::join!(house.asks(2, Command::Take { trip: trip(2) }), lets_go);
    assert!(matches!(waits, Ok(Verdict::Accepted(_))), "no time has passed: {waits:?}");
    let standing = house.desk.standing("blue").await.expect("it is there");
    assert!(standing.state.lock.is_held_by(&trip(2)), "{standing:?}");
}

#[tokio::test]
async fn who_has_waited_for_too_long_is_told_who_holds_it_and_nothing_is_recorded() {
    let house = House::new();
    house.happens(1, Command::Take { trip: trip(1) }).await;
    let passes = async {
        for _moment in 0..10 {
            tokio::task::yield_now().await;
            house.clock.advance(Duration::from_millis(100));
        }
    };
    let (waits, ()) = tokio::join!(house.asks(2, Command::Take { trip: trip(2) }), passes);
    let Err(HandleError::Held { by, .. }) = waits else { panic!("{waits:?}") };
    assert_eq!(by, trip(1));
    let page = house.store.read_all(ReadAll::after(ondol_kernel::Position::START, 10)).await;
    assert_eq!(page.expect("it can be read").events.len(), 1, "only the taking is recorded");
    house.happens(3, Command::LetGo { trip: trip(1) }).await;
    house.happens(2, Command::Take { trip: trip(2) }).await;
    assert!(house.clock.running() >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_taking_that_is_asked_again_finds_its_own_effect_and_does_not_wait_for_itself() {
    let house = House::new();
    house.happens(1, Command::Take { trip: trip(1) }).await;
    house.happens(2, Command::LetGo { trip: trip(1) }).await;
    house.happens(3, Command::Take { trip: trip(2) }).await;
    let again = house.asks(1, Command::Take { trip: trip(1) }).await.expect("it is on record");
    assert!(matches!(&again, Verdict::Accepted(events) if events.len() == 1), "{again:?}");
}

#[tokio::test]
async fn what_another_process_lets_go_is_seen_while_waiting() {
    let house = House::new();
    house.happens(1, Command::Take { trip: trip(1) }).await;
    let other = opened(&house.clock, &house.store);
    let passes = async {
        tokio::task::yield_now().await;
        let lets_go = Command::LetGo { trip: trip(1) };
        other.handle("blue", lets_go, &inside(2)).await.expect("it is answered");
        for _moment in 0..3 {
            tokio::task::yield_now().await;
            house.clock.advance(Duration::from_millis(100));
        }
    };
    let (waits, ()) = tokio::join!(house.asks(3, Command::Take { trip: trip(2) }), passes);
    assert!(matches!(waits, Ok(Verdict::Accepted(_))), "{waits:?}");
}
