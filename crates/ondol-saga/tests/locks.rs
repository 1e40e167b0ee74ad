//! Sagas that hold things and wait for each other: each ends, nothing stays held, and those that
//! wait for each other in a circle are found.

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::About;
use ondol_domain::{
    Aggregate, Decision, Facts, Holder, Impossible, Lock, Own, Saga, accept, already_done, ask,
    refuse,
};
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_kernel::CommandId;
use ondol_runtime::{Ground, Home, Running, Service, Supervisor};
use ondol_saga::{Phase, RunsSagas, SagaProof, Sagas, saga_stream};
use ondol_store::MemoryStore;
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use serde::{Deserialize, Serialize};

/// A field that is ploughed by one farmer at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Field {
    lock: Lock,
    ploughed: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Command {
    Take { by: Holder },
    Plough { by: Holder },
    LetGo { by: Holder },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Event {
    Taken { by: Holder },
    Ploughed,
    LetGo { by: Holder },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
enum Refusal {
    #[error("{by} has it")]
    Taken { by: Holder },
    #[error("it was not taken")]
    NotTaken,
}

impl Facts for Event {
    const KIND: &'static str = "field";
}

impl Aggregate for Field {
    const KIND: &'static str = "field";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Take { by } | Command::Plough { by } | Command::LetGo { by }
                if self.lock.keeps_out(Some(&by)).is_some() =>
            {
                let by = self.lock.holder().cloned().unwrap_or(by);
                refuse(Refusal::Taken { by })
            }
            Command::Take { by } if self.lock.is_held_by(&by) => already_done(),
            Command::Take { by } => accept(Event::Taken { by }),
            Command::Plough { by } if self.lock.is_held_by(&by) => accept(Event::Ploughed),
            Command::Plough { .. } => refuse(Refusal::NotTaken),
            Command::LetGo { by } if self.lock.is_held_by(&by) => accept(Event::LetGo { by }),
            Command::LetGo { .. } => already_done(),
        }
    }

    fn evolve(mut self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Taken { by } => {
                let taken = self.lock.taken_by(by);
                self.lock = taken.ok_or_else(|| Impossible::new(&self, event))?;
            }
            Event::Ploughed => self.ploughed += 1,
            Event::LetGo { by } => self.lock = self.lock.let_go_by(by),
        }
        Ok(self)
    }

    fn waits_for(refusal: &Refusal) -> Option<Holder> {
        match refusal {
            Refusal::Taken { by } => Some(by.clone()),
            Refusal::NotTaken => None,
        }
    }
}

/// Two fields that are ploughed together, or neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    farmer: u32,
    first: String,
    second: String,
}

impl Day {
    fn holder(&self) -> Holder {
        Holder::of("farm.day", self.farmer)
    }
}

fn take(field: &str, by: Holder) -> Own<Field> {
    ask::<Field>(field, Command::Take { by })
}

fn plough(field: &str, by: Holder) -> Own<Field> {
    ask::<Field>(field, Command::Plough { by })
}

fn let_go(field: &str, by: Holder) -> Own<Field> {
    ask::<Field>(field, Command::LetGo { by })
}

fn day() -> Saga<Day> {
    Saga::<Day>::named("farm.day", 1)
        .identified_by(|day| day.farmer.to_string())
        .step("take the first", |day: &Day| take(&day.first, day.holder()))
        .undo(|day| let_go(&day.first, day.holder()))
        .within(Duration::from_secs(300))
        .step("take the second", |day| take(&day.second, day.holder()))
        .undo(|day| let_go(&day.second, day.holder()))
        .within(Duration::from_secs(300))
        .pivot()
        .step("plough the first", |day| plough(&day.first, day.holder()))
        .step("plough the second", |day| plough(&day.second, day.holder()))
        .step("leave the first", |day| let_go(&day.first, day.holder()))
        .step("leave the second", |day| let_go(&day.second, day.holder()))
}

fn start(supervisor: &Supervisor) -> (Running, Sagas) {
    let home = Home {
        ground: Ground {
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(SystemClock::start()),
            rng: Arc::new(SystemRng),
        },
        views: Arc::new(MemoryViews::default()),
        timers: Arc::new(MemoryTimers::default()),
    };
    let service = Service::named("farm").aggregate::<Field>().saga(day());
    let running = service.start(&home, supervisor).expect("it holds together");
    let sagas = running.companion::<Sagas>().expect("it runs sagas");
    (running, sagas)
}

#[tokio::test(flavor = "multi_thread")]
async fn sagas_that_wait_for_each_other_in_a_circle_end_and_leave_nothing_held() {
    const FARMERS: u32 = 30;
    let supervisor = Supervisor::new();
    let (running, sagas) = start(&supervisor);
    let fields = ["hill", "valley", "brook"];
    let mut ended = sagas.metrics().ended();
    let clock = SystemClock::start();
    for farmer in 0..FARMERS {
        let at = farmer as usize;
        let (first, second) = (fields[at % 3].to_owned(), fields[(at + 1) % 3].to_owned());
        let day = Day { farmer, first, second };
        let about = About::new(CommandId::named(&farmer.to_string()));
        sagas.start("farm.day", &day, &about).await.expect("it is recorded");
    }
    let all = ended.wait_for(|ended| *ended == u64::from(FARMERS));
    let all = tokio::time::timeout(Duration::from_secs(200), all).await;
    let counts = sagas.metrics().snapshot();
    all.unwrap_or_else(|_late| panic!("not all have ended: {counts:?}")).expect("it counts");
    assert!(counts.deadlocks > 0, "there were circles: {counts:?}");
    assert!(counts.completed > 0, "some got through: {counts:?}");
    assert!(clock.running() < Duration::from_secs(300), "no time limit had to help");
    let (desk, mut ploughed) = (running.desk::<Field>().expect("it has fields"), 0);
    for field in fields {
        let state = desk.standing(field).await.expect("it can be read").state;
        assert_eq!(state.lock, Lock::default(), "{field} is held by nobody");
        ploughed += u64::from(state.ploughed);
    }
    assert_eq!(ploughed, 2 * counts.completed, "each ploughs both fields or none");
    let mut gave_way = 0;
    for farmer in 0..FARMERS {
        let stream = saga_stream("farm.day", &farmer.to_string()).expect("it is a name");
        let saga = sagas.find(&stream).await.expect("it can be read").expect("it was started");
        match saga.phase {
            Phase::Compensated { because } => {
                assert!(because.contains("wait for each other"), "{because}");
                gave_way += 1;
            }
            phase => assert_eq!(phase, Phase::Completed),
        }
    }
    assert_eq!(gave_way, counts.compensated);
    supervisor.shut_down().await.expect("nothing has failed");
}

#[test]
fn a_saga_that_takes_locks_holds_in_every_case() {
    let day = Day { farmer: 1, first: "hill".into(), second: "valley".into() };
    let both = Saga::<Day>::named("farm.day", 1)
        .identified_by(|day| day.farmer.to_string())
        .step("take the first", |day: &Day| take(&day.first, day.holder()))
        .undo(|day| let_go(&day.first, day.holder()))
        .step("take the second", |day| take(&day.second, day.holder()))
        .undo(|day| let_go(&day.second, day.holder()))
        .pivot()
        .step("leave the first", |day| let_go(&day.first, day.holder()))
        .step("leave the second", |day| let_go(&day.second, day.holder()));
    let report = SagaProof::of(both)
        .starting_with(day)
        .things::<Field, _>([("hill", Field::default()), ("valley", Field::default())])
        .invariant("nothing stays held", |books| {
            let fields = books.things::<Field>();
            let held = fields.values().find_map(|field| field.lock.holder().cloned());
            held.map_or(Ok(()), |by| Err(format!("something is held by {by}")))
        })
        .check();
    assert!(report.cases > 1_000, "{report}");
}

#[test]
fn a_saga_that_does_not_let_go_when_it_is_undone_is_found() {
    let keeps = Saga::<Day>::named("farm.day", 1)
        .identified_by(|day| day.farmer.to_string())
        .step("take", |day: &Day| ask::<Field>(&day.first, Command::Take { by: day.holder() }))
        .step("plough", |day| ask::<Field>(&day.first, Command::Plough { by: day.holder() }))
        .pivot()
        .step("leave", |day| ask::<Field>(&day.first, Command::LetGo { by: day.holder() }));
    let day = Day { farmer: 1, first: "hill".into(), second: "valley".into() };
    let found = SagaProof::of(keeps)
        .starting_with(day)
        .things::<Field, _>([("hill", Field::default())])
        .invariant("nothing stays held", |books| {
            let fields = books.things::<Field>();
            let held = fields.values().find_map(|field| field.lock.holder().cloned());
            held.map_or(Ok(()), |by| Err(format!("it is held by {by}")))
        })
        .run()
        .expect_err("the lock is forgotten")
        .to_string();
    assert!(found.contains("nothing stays held. Found: it is held by farm.day/1"), "{found}");
}
