//! A house for sagas: a log in memory, a clock that is moved by hand, leases, and the outside.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ondol_bus::{About as Surrounds, CallFailure, Calls, Reply};
use ondol_domain::{Call, Contract, Saga};
use ondol_doors::{Clock, ManualClock, SeededRng};
use ondol_kernel::{CommandId, Id, StreamId, Timestamp};
use ondol_lease::{Duty, LeaseName, MemoryLeases, Tenant, TenantOptions};
use ondol_runtime::{Ground, Supervisor};
use ondol_store::MemoryStore;
use ondol_views::{MemoryViews, Parts, Projector, ProjectorOptions, Source, SourceName};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::super::{Definitions, SagaEngine, SagaGround, SagaOptions, Sagas};
use crate::proof::Books;
use crate::{Phase, SagaEntry};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Account {
    Take(String),
    GiveBack(String),
    Put(String),
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("there is no {0:?}")]
pub(super) struct Missing(String);

impl Contract for Account {
    const SERVICE: &'static str = "account";
    type Reply = ();
    type Refusal = Missing;

    fn key(&self) -> String {
        let (Self::Take(key) | Self::GiveBack(key) | Self::Put(key)) = self;
        key.clone()
    }
}

pub(super) type Data = (String, String);

pub(super) fn transfer() -> Saga<Data> {
    Saga::<Data>::named("transfer", 1)
        .identified_by(|(from, to)| format!("{from}-{to}"))
        .step("take", |(from, _)| Account::Take(from.clone()))
        .undo(|(from, _)| Account::GiveBack(from.clone()))
        .within(Duration::from_secs(5))
        .step("put", |(_, to)| Account::Put(to.clone()))
}

/// What was asked, in order; "nobody" is refused, "silence" never answered, "patience" once it is
/// let go, "busy" told to come again.
#[derive(Debug, Default)]
pub(super) struct Outside {
    books: Mutex<Books>,
    pub(super) lets_go: watch::Sender<bool>,
    /// What whoever asks is told instead of an answer.
    away: Mutex<Option<Away>>,
}

pub(super) type Away = fn(String) -> CallFailure;

pub(super) const BUSY: Away = |service| CallFailure::Busy { service, again_after: None };
pub(super) const NOT_YET_THERE: Away = |service| CallFailure::NoSuchService { service };
pub(super) const SHUT: Away = |service| CallFailure::Forbidden { service };

impl Outside {
    pub(super) fn new() -> Arc<Self> {
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

    pub(super) fn done(&self) -> Vec<Account> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.service::<Vec<Account>>().clone()
    }

    pub(super) fn goes_away(&self, away: Away) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(away);
    }

    pub(super) fn is_there(&self) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn check(&self) -> Result<(), CallFailure> {
        let away = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.map_or(Ok(()), |away| Err(away("account".to_owned())))
    }
}

#[async_trait]
impl Calls for Outside {
    async fn ask(&self, call: &Call, about: &Surrounds) -> Result<Reply, CallFailure> {
        self.check()?;
        if call.key == "busy" {
            return Err(BUSY("account".to_owned()));
        }
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
pub(super) struct House {
    pub(super) store: Arc<MemoryStore>,
    views: Arc<MemoryViews>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) outside: Arc<Outside>,
    leases: Arc<MemoryLeases>,
    /// Which process asks for its lease no more, and is told nothing of it.
    pub(super) frozen: watch::Sender<u128>,
    pub(super) supervisors: Vec<Supervisor>,
    pub(super) options: SagaOptions,
}

impl House {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        Self {
            store: Arc::default(),
            views: Arc::new(MemoryViews::default()),
            leases: Arc::new(MemoryLeases::new(clock.clone())),
            clock,
            outside: Outside::new(),
            frozen: watch::Sender::new(0),
            supervisors: Vec::new(),
            options: SagaOptions::default(),
        }
    }

    /// A process begins to run the sagas.
    pub(super) fn begins(&mut self, definitions: Definitions) -> Sagas {
        self.begins_on(definitions, Supervisor::new(), Duty::always())
    }

    /// The same, driving them only while it holds the lease.
    pub(super) fn begins_by_lease(&mut self, definitions: Definitions, who: u128) -> Sagas {
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
                    biased;
                    now = frozen.wait_for(|frozen| *frozen == who) => drop(now),
                    ended = &mut running => return ended.map_err(|error| error.to_string()),
                }
                drop(frozen.wait_for(|frozen| *frozen != who).await);
            }
        });
        self.begins_on(definitions, supervisor, duty)
    }

    pub(super) fn begins_on(
        &mut self,
        definitions: Definitions,
        supervisor: Supervisor,
        duty: Duty,
    ) -> Sagas {
        let seed = u64::try_from(self.supervisors.len()).expect("few");
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
        let engine = self.engine(definitions, seed).on_duty(duty);
        let sagas = engine.handle();
        supervisor.start("the sagas", move |mut stop| {
            engine.run(async move { drop(stop.wait_for(|stop| *stop).await) })
        });
        self.supervisors.push(supervisor);
        sagas
    }

    /// What drives the sagas once it runs.
    pub(super) fn engine(&self, definitions: Definitions, seed: u64) -> SagaEngine {
        let ground = Ground {
            store: self.store.clone(),
            clock: self.clock.clone(),
            rng: Arc::new(SeededRng::new(seed)),
        };
        let ground = SagaGround { ground, calls: self.outside.clone(), views: self.views.clone() };
        SagaEngine::new(self.options.clone(), definitions, ground).expect("it can be run")
    }

    /// A process ends, wherever it is.
    pub(super) async fn ends(&mut self) {
        let supervisor = self.supervisors.pop().expect("one runs");
        supervisor.shut_down().await.expect("nothing has failed");
    }

    /// Lets time pass until something is so.
    pub(super) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
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

    pub(super) async fn until_ended(&self, sagas: &Sagas, stream: &StreamId) -> Phase {
        self.until("the end", async || {
            sagas.find(stream).await.expect("it can be read").expect("it is there").is_ended()
        })
        .await;
        sagas.find(stream).await.expect("it can be read").expect("it is there").phase
    }
}

pub(super) fn definitions() -> Definitions {
    Definitions::new().and(transfer())
}

pub(super) fn about(name: &str) -> Surrounds {
    Surrounds::new(CommandId::named(name))
}

pub(super) fn data(from: &str, to: &str) -> Data {
    (from.to_owned(), to.to_owned())
}

pub(super) async fn start(sagas: &Sagas, from: &str, to: &str) -> StreamId {
    let started = sagas.start("transfer", &data(from, to), &about(from)).await;
    started.expect("it is recorded").stream
}
