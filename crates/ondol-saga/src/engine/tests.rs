//! Sagas over a log in memory, with a clock that is moved by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ondol_bus::{About as Surrounds, CallFailure, Calls, Reply};
use ondol_domain::{Call, Contract, Saga};
use ondol_doors::{Clock, ManualClock, SeededRng};
use ondol_kernel::{
    CommandId, EventId, EventType, Id, Metadata, NewEvent, Payload, SchemaVersion, StreamId,
    Timestamp,
};
use ondol_lease::{Duty, LeaseName, MemoryLeases, Tenant, TenantOptions};
use ondol_runtime::{Ground, Supervisor};
use ondol_store::{Append, EventStore, Expected, MemoryStore};
use ondol_views::{MemoryViews, Parts, Projector, ProjectorOptions, Source, SourceName};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Definitions, OrderSagaError, SagaEngine, SagaGround, SagaOptions, Sagas};
use crate::machine::{Order, OrderError};
use crate::proof::Books;
use crate::{Phase, SagaEntry, saga_stream};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Account {
    Take(String),
    GiveBack(String),
    Put(String),
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("there is no {0:?}")]
struct Missing(String);

impl Contract for Account {
    const SERVICE: &'static str = "account";
    type Reply = ();
    type Refusal = Missing;

    fn key(&self) -> String {
        let (Self::Take(key) | Self::GiveBack(key) | Self::Put(key)) = self;
        key.clone()
    }
}

type Data = (String, String);

fn transfer() -> Saga<Data> {
    Saga::<Data>::named("transfer", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()))
        .undo(|(from, _)| Account::GiveBack(from.clone()))
        .within(Duration::from_secs(5))
        .step("put", |(_, to)| Account::Put(to.clone()))
}

/// What was asked, in order; "nobody" is refused, "silence" never answered, "patience" once it is
/// let go.
#[derive(Debug, Default)]
struct Outside {
    books: Mutex<Books>,
    lets_go: watch::Sender<bool>,
    /// What whoever asks is told instead of an answer.
    away: Mutex<Option<Away>>,
}

type Away = fn(String) -> CallFailure;

const BUSY: Away = |service| CallFailure::Busy { service, again_after: None };
const NOT_YET_THERE: Away = |service| CallFailure::NoSuchService { service };
const SHUT: Away = |service| CallFailure::Forbidden { service };

impl Outside {
    fn new() -> Arc<Self> {
        let mut books = Books::default();
        books.add(crate::proof::answers(Vec::<Account>::new(), |done, account: Account| {
            if account.key() == "nobody" {
                return Err(Missing("nobody".to_owned()));
            }
            done.push(account);
            Ok(())
        }));
        Arc::new(Self { books: Mutex::new(books), ..Self::default() })
    }

    fn done(&self) -> Vec<Account> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.service::<Vec<Account>>().clone()
    }

    fn goes_away(&self, away: Away) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(away);
    }

    fn is_there(&self) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn check(&self) -> Result<(), CallFailure> {
        let away = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.map_or(Ok(()), |away| Err(away("account".to_owned())))
    }
}

#[async_trait]
impl Calls for Outside {
    async fn ask(&self, call: &Call, about: &Surrounds) -> Result<Reply, CallFailure> {
        self.check()?;
        let reply = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = { reply }.ask(call, about.command);
        if call.key == "silence" && call.command != "give_back" {
            std::future::pending::<()>().await;
        }
        if call.key == "patience" {
            drop(self.lets_go.subscribe().wait_for(|lets_go| *lets_go).await);
        }
        Ok(reply)
    }

    async fn void(&self, _call: &Call, about: &Surrounds) -> Result<Reply, CallFailure> {
        self.check()?;
        Ok(self.books.lock().unwrap_or_else(PoisonError::into_inner).void(about.command))
    }
}

/// A log, views of it, a clock, and the outside.
struct House {
    store: Arc<MemoryStore>,
    views: Arc<MemoryViews>,
    clock: Arc<ManualClock>,
    outside: Arc<Outside>,
    leases: Arc<MemoryLeases>,
    /// Which process asks for its lease no more, and is told nothing of it.
    frozen: watch::Sender<u128>,
    supervisors: Vec<Supervisor>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        Self {
            store: Arc::default(),
            views: Arc::new(MemoryViews::default()),
            leases: Arc::new(MemoryLeases::new(clock.clone())),
            clock,
            outside: Outside::new(),
            frozen: watch::Sender::new(0),
            supervisors: Vec::new(),
        }
    }

    /// A process begins to run the sagas.
    fn begins(&mut self, definitions: Definitions) -> Sagas {
        self.begins_on(definitions, Supervisor::new(), Duty::always())
    }

    /// The same, driving them only while it holds the lease.
    fn begins_by_lease(&mut self, definitions: Definitions, who: u128) -> Sagas {
        let (leases, clock) = (self.leases.clone(), self.clock.clone());
        let (name, holder) = (LeaseName::new("bank").expect("a name"), Id::from_u128(who));
        let tenant = Tenant::new(TenantOptions::default(), name, holder, leases, clock);
        let tenant = tenant.expect("the options are right");
        let (duty, supervisor) = (tenant.duty(), Supervisor::new());
        let mut frozen = self.frozen.subscribe();
        supervisor.start("the lease", move |mut stop| async move {
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            let running = tenant.run(stopped);
            tokio::pin!(running);
            loop {
                tokio::select! {
                    ended = &mut running => return ended.map_err(|error| error.to_string()),
                    now = frozen.wait_for(|frozen| *frozen == who) => drop(now),
                }
                drop(frozen.wait_for(|frozen| *frozen != who).await);
            }
        });
        self.begins_on(definitions, supervisor, duty)
    }

    fn begins_on(&mut self, definitions: Definitions, supervisor: Supervisor, duty: Duty) -> Sagas {
        let seed = u64::try_from(self.supervisors.len()).expect("few");
        let ground = Ground {
            store: self.store.clone(),
            clock: self.clock.clone(),
            rng: Arc::new(SeededRng::new(seed)),
        };
        let source = SourceName::new("bank").expect("a name");
        let parts = Parts {
            views: self.views.clone(),
            sources: vec![Source::new(source, self.store.clone())],
            clock: self.clock.clone(),
        };
        let projector = Projector::<SagaEntry>::new(ProjectorOptions::default(), parts);
        let projector = projector.expect("it can be projected");
        supervisor.start("the view", move |mut stop| async move {
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            projector.run(stopped).await.map_err(|error| error.to_string())
        });
        let ground = SagaGround { ground, calls: self.outside.clone(), views: self.views.clone() };
        let engine = SagaEngine::new(SagaOptions::default(), definitions, ground);
        let engine = engine.expect("it can be run").on_duty(duty);
        let sagas = engine.handle();
        supervisor.start("the sagas", move |mut stop| {
            engine.run(async move { drop(stop.wait_for(|stop| *stop).await) })
        });
        self.supervisors.push(supervisor);
        sagas
    }

    /// A process ends, wherever it is.
    async fn ends(&mut self) {
        let supervisor = self.supervisors.pop().expect("one runs");
        supervisor.shut_down().await.expect("nothing has failed");
    }

    /// Lets time pass until something is so.
    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        for _moment in 0..20_000 {
            if is_so().await {
                return;
            }
            self.clock.advance(Duration::from_millis(20));
            for _turn in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        panic!("{what} has not come to be by {}", self.clock.now());
    }

    async fn until_ended(&self, sagas: &Sagas, stream: &StreamId) -> Phase {
        self.until("the end", async || {
            sagas.find(stream).await.expect("it can be read").expect("it is there").is_ended()
        })
        .await;
        sagas.find(stream).await.expect("it can be read").expect("it is there").phase
    }
}

fn definitions() -> Definitions {
    Definitions::new().and(transfer())
}

fn about(name: &str) -> Surrounds {
    Surrounds::new(CommandId::named(name))
}

fn data(from: &str, to: &str) -> Data {
    (from.to_owned(), to.to_owned())
}

async fn start(sagas: &Sagas, from: &str, to: &str) -> StreamId {
    let started = sagas.start("transfer", &data(from, to), &about(from)).await;
    started.expect("it is recorded").stream
}

#[tokio::test]
async fn a_saga_completes_and_is_counted() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done(), [Account::Take("kim".into()), Account::Put("lee".into())]);
    house.until("the count", async || sagas.metrics().snapshot().completed == 1).await;
    assert_eq!(sagas.metrics().snapshot().steps, 2);
    house.ends().await;
}

#[tokio::test]
async fn two_that_are_started_with_one_identity_are_one() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let first = sagas.start("transfer", &data("kim", "lee"), &about("a")).await.unwrap();
    let second = sagas.start("transfer", &data("kim", "lee"), &about("b")).await.unwrap();
    assert_eq!(first.stream, second.stream);
    assert!(second.repeated);
    house.until_ended(&sagas, &first.stream).await;
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

#[tokio::test]
async fn a_refused_step_has_the_others_undone() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "nobody").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("kim".into()), Account::GiveBack("kim".into())]);
    house.ends().await;
}

#[tokio::test]
async fn a_step_that_is_silent_and_has_taken_effect_is_undone() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn what_a_process_has_left_is_taken_up_by_the_next() {
    let mut house = House::new();
    house.outside.goes_away(BUSY);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    house.ends().await;
    assert_eq!(house.outside.done(), []);
    house.outside.is_there();
    let sagas = house.begins(definitions());
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_may_have_done_it_and_is_asked_again() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is done and not answered", async || !house.outside.done().is_empty()).await;
    house.ends().await;
    house.outside.goes_away(NOT_YET_THERE);
    let sagas = house.begins(definitions());
    house
        .until("it is asked again", async || {
            let one = sagas.find(&stream).await.unwrap().unwrap();
            one.steps["take"].standing.pending().is_none_or(|pending| pending.attempts > 0)
        })
        .await;
    house.outside.is_there();
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

/// A step was done and not answered, its process has crashed, and the next one is not let in.
async fn shut_out_after_a_crash(house: &mut House) -> (Sagas, StreamId) {
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it is done and not answered", async || !house.outside.done().is_empty()).await;
    house.ends().await;
    house.outside.goes_away(SHUT);
    let sagas = house.begins(definitions());
    house
        .until("a person is told", async || {
            let one = sagas.find(&stream).await.unwrap().unwrap();
            one.is_ended() || one.stuck.is_some_and(|stuck| stuck.step == "take")
        })
        .await;
    (sagas, stream)
}

#[tokio::test]
async fn what_was_done_before_a_crash_is_undone_though_it_may_not_be_asked_again() {
    let mut house = House::new();
    let (sagas, stream) = shut_out_after_a_crash(&mut house).await;
    house.outside.is_there();
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    let done = house.outside.done();
    assert_eq!(done, [Account::Take("silence".into()), Account::GiveBack("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn one_that_is_shut_out_for_good_is_ended_by_a_person() {
    let mut house = House::new();
    let (sagas, stream) = shut_out_after_a_crash(&mut house).await;
    let skip = Order::Skip { step: "take".into(), by: "kim".into() };
    sagas.order(&stream, skip).await.expect("a person has seen to it");
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    assert_eq!(house.outside.done(), [Account::Take("silence".into())]);
    house.ends().await;
}

#[tokio::test]
async fn a_step_that_was_never_asked_before_and_is_forbidden_is_refused() {
    let mut house = House::new();
    house.outside.goes_away(SHUT);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    assert!(matches!(house.until_ended(&sagas, &stream).await, Phase::Compensated { .. }));
    assert_eq!(sagas.metrics().snapshot().stuck, 0, "there is nothing to be made void");
    house.ends().await;
}

#[tokio::test]
async fn a_process_that_was_frozen_and_wakes_up_records_and_asks_nothing() {
    let mut house = House::new();
    let sleeper = house.begins_by_lease(definitions(), 1);
    let stream = start(&sleeper, "patience", "lee").await;
    house.until("it is asked", async || !house.outside.done().is_empty()).await;
    house.frozen.send_replace(1);
    let other = house.begins_by_lease(definitions(), 2);
    house.until("the other has taken over", async || other.active().contains(&stream)).await;
    assert!(sleeper.active().contains(&stream), "it does not know that its turn is over");
    // Both are answered at once; the one that was frozen first.
    house.outside.lets_go.send_replace(true);
    assert_eq!(house.until_ended(&other, &stream).await, Phase::Completed);
    let (slept, took_over) = (sleeper.metrics().snapshot(), other.metrics().snapshot());
    assert_eq!((slept.steps, took_over.steps), (0, 2));
    assert_eq!(house.outside.done().len(), 2);
    assert!(!sleeper.active().contains(&stream));
    house.frozen.send_replace(0);
    house.ends().await;
    house.ends().await;
}

#[tokio::test]
async fn two_processes_that_run_one_saga_have_it_done_once() {
    let mut house = House::new();
    let one = house.begins(definitions());
    let other = house.begins(definitions());
    let mut streams = Vec::new();
    for number in 0..20 {
        let sagas = if number % 2 == 0 { &one } else { &other };
        streams.push(start(sagas, &format!("from {number}"), "lee").await);
        other.inner.attend(&streams[number]);
        one.inner.attend(&streams[number]);
    }
    for stream in &streams {
        assert_eq!(house.until_ended(&one, stream).await, Phase::Completed);
    }
    assert_eq!(house.outside.done().len(), 40);
    house.ends().await;
    house.ends().await;
}

#[tokio::test]
async fn of_two_processes_the_one_with_the_lease_drives_and_the_other_takes_over() {
    let mut house = House::new();
    let other = house.begins_by_lease(definitions(), 1);
    let stream = start(&other, "ann", "lee").await;
    assert_eq!(house.until_ended(&other, &stream).await, Phase::Completed);
    // Another process begins, and the first one has the lease: what the other starts it drives.
    let waiting = house.begins_by_lease(definitions(), 2);
    let stream = start(&waiting, "kim", "lee").await;
    assert_eq!(house.until_ended(&waiting, &stream).await, Phase::Completed);
    assert_eq!(other.metrics().snapshot().completed, 2, "the one with the lease did it");
    assert_eq!(waiting.metrics().snapshot().completed, 0);
    // The one with the lease ends, and gives it back.
    let with_lease = house.supervisors.remove(0);
    with_lease.shut_down().await.expect("nothing has failed");
    let stream = start(&waiting, "cho", "lee").await;
    assert_eq!(house.until_ended(&waiting, &stream).await, Phase::Completed);
    assert_eq!(waiting.metrics().snapshot().completed, 1);
    assert_eq!(house.outside.done().len(), 6);
    house.ends().await;
}

#[tokio::test]
async fn one_that_cannot_be_read_does_not_keep_others_from_their_end() {
    let mut house = House::new();
    let stream = saga_stream("transfer", "bad").unwrap();
    let event = NewEvent {
        id: EventId::from_u128(1),
        event_type: EventType::new("saga.undone").unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(r#"{"step":"put"}"#),
    };
    let append = Append::to(stream.clone(), Expected::NoStream, vec![event]);
    house.store.append(append).await.unwrap();
    let sagas = house.begins(definitions());
    assert!(sagas.find(&stream).await.is_err());
    let good = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &good).await, Phase::Completed);
    house.ends().await;
}

#[tokio::test]
async fn one_whose_definition_is_not_known_is_parked_until_it_is() {
    let mut house = House::new();
    house.outside.goes_away(BUSY);
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "lee").await;
    house.ends().await;
    house.outside.is_there();
    let other = transfer().step("more", |(from, _)| Account::Take(from.clone()));
    let sagas = house.begins(Definitions::new().and(other.clone()));
    house.until("it is parked", async || sagas.metrics().snapshot().parked > 0).await;
    let resume = Order::Resume { by: "kim".into() };
    let error = sagas.order(&stream, resume).await.expect_err("it is parked");
    assert!(matches!(error, OrderSagaError::Parked { .. }), "{error}");
    assert_eq!(house.outside.done(), []);
    house.ends().await;
    let sagas = house.begins(definitions().and(other));
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    assert_eq!(house.outside.done().len(), 2);
    house.ends().await;
}

#[tokio::test]
async fn a_saga_under_way_is_cancelled_and_one_that_has_ended_is_not() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "silence", "lee").await;
    house.until("it asks", async || !house.outside.done().is_empty()).await;
    let cancel = || Order::Cancel { because: "changed my mind".into(), by: "kim".into() };
    sagas.order(&stream, cancel()).await.unwrap();
    let Phase::Compensated { because } = house.until_ended(&sagas, &stream).await else {
        panic!("it is undone");
    };
    assert!(because.contains("changed my mind"), "{because}");
    let error = sagas.order(&stream, cancel()).await.expect_err("it has ended");
    assert!(matches!(error, OrderSagaError::Refused(OrderError::Ended)), "{error}");
    house.ends().await;
}

#[tokio::test]
async fn one_that_has_ended_is_found_for_a_time_and_stays_in_the_log() {
    let mut house = House::new();
    let kept_for = Duration::from_secs(3_600);
    let sagas = house.begins(Definitions::new().and(transfer().kept_for(kept_for)));
    let stream = start(&sagas, "kim", "lee").await;
    assert_eq!(house.until_ended(&sagas, &stream).await, Phase::Completed);
    let key = ondol_views::DocumentKey::new(stream.as_str()).expect("a key");
    let found = async || sagas.entries().get(&key).await.is_ok_and(|entry| entry.is_some());
    house.until("it is found", async || found().await).await;
    house.clock.advance(kept_for / 2);
    for _turn in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(found().await, "its time is not over");
    house.clock.advance(kept_for / 2);
    house.until("it is found no more", async || !found().await).await;
    let one = sagas.find(&stream).await.expect("it can be read").expect("its stream stays");
    assert_eq!(one.phase, Phase::Completed);
    house.ends().await;
}

#[tokio::test]
async fn a_saga_is_found_by_how_it_stands() {
    let mut house = House::new();
    let sagas = house.begins(definitions());
    let stream = start(&sagas, "kim", "nobody").await;
    house.until_ended(&sagas, &stream).await;
    house
        .until("it is found", async || {
            let find = ondol_views::Find::equal("state", "compensated", 10).unwrap();
            sagas.entries().find(find).await.is_ok_and(|page| page.found.len() == 1)
        })
        .await;
    let timeline = sagas.timeline(&stream).await.unwrap();
    assert!(timeline.iter().any(|entry| entry.told.contains("turns round")));
    let _id: Id<()> = timeline[0].event.of();
    house.ends().await;
}
