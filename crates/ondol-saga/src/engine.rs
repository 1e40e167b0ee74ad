//! Runs sagas over a log.
//!
//! Each saga that has something to do is driven by a task of its own: it asks, records the answer
//! together with what is asked next in one append under the version it has seen, and so on. The
//! version is the fence: of two that drive one saga, one is refused, reads what the other has
//! recorded, and goes on from there; and whatever both have asked had one id. A saga that only
//! waits is driven by nobody and stands in no memory. A sweeper looks from time to time for those
//! that have something to do and that nobody drives: after a crash, when a time has come, when
//! there was no room.

mod active;
mod deadlock;
mod drive;
mod error;
mod follow;
mod load;
mod metrics;
mod nobody;
mod options;
mod record;
mod sweep;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ondol_bus::{About as Surrounds, Calls};
use ondol_domain::{Codec, Fingerprint, Saga, SagaData};
use ondol_kernel::{CorrelationId, Envelope, Id, StreamId};
use ondol_lease::Duty;
use ondol_runtime::Ground;
use ondol_views::{Documents, ViewStore};
use tokio::sync::{Mutex, Semaphore, mpsc};

use crate::machine::{Beginning, Input, Order, OrderError, begin, migrate};
use crate::{Defined, Definition, Fact, Instance, Known, SagaEntry, saga_stream};

pub use active::Active;
pub use error::{HearError, OpenSagasError, OrderSagaError, StartSagaError};
pub use load::LoadSagaError;
pub use metrics::{MetricsSnapshot, STEP_MICROS, SagaMetrics, prometheus};
pub use options::{SagaOptions, SagaOptionsProblem};

use drive::Job;
use record::Recorder;

/// What sagas stand on.
#[derive(Debug, Clone)]
pub struct SagaGround {
    /// The log, the clock, chance.
    pub ground: Ground,
    /// Whoever is asked.
    pub calls: Arc<dyn Calls>,
    /// Where the view of the sagas is kept. Whoever runs sagas has [`SagaEntry`] folded there.
    pub views: Arc<dyn ViewStore>,
}

impl SagaGround {
    /// A ground on which nobody is asked: for those who only look, and give orders.
    pub fn alone(ground: Ground, views: Arc<dyn ViewStore>) -> Self {
        Self { ground, calls: Arc::new(nobody::Nobody), views }
    }
}

/// The sagas of a service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sagas {
    inner: Arc<Inner>,
}

/// What drives sagas, for as long as it runs.
#[derive(Debug)]
pub struct SagaEngine {
    sagas: Sagas,
    jobs: mpsc::Receiver<Job>,
    duty: Duty,
}

/// A saga that was started, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedSaga {
    /// The stream it stands in.
    pub stream: StreamId,
    /// Whether it had been started before.
    pub repeated: bool,
}

struct Inner {
    ground: Ground,
    calls: Arc<dyn Calls>,
    entries: Documents<SagaEntry>,
    definitions: Definitions,
    recorder: Recorder,
    options: SagaOptions,
    active: Active,
    room: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    metrics: SagaMetrics,
    sweeping: Mutex<sweep::Sweeping>,
    failing: std::sync::Mutex<sweep::Failing>,
}

/// The definitions that are known: for each name the newest, and older ones by their fingerprint.
#[derive(Debug, Default, Clone)]
pub struct Definitions {
    newest: HashMap<String, Arc<dyn Definition>>,
    all: HashMap<(String, Fingerprint), Arc<dyn Definition>>,
}

impl Definitions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more. The last one of a name is the one that new sagas are started by; the others go
    /// on running those that were started by them.
    #[must_use]
    pub fn and<D: SagaData>(mut self, saga: Saga<D>) -> Self {
        self.add(Arc::new(Defined::new(saga)));
        self
    }

    /// One more, whatever it knows.
    pub fn add(&mut self, definition: Arc<dyn Definition>) {
        let name = definition.shape().name.clone();
        self.all.insert((name.clone(), definition.fingerprint()), Arc::clone(&definition));
        self.newest.insert(name, definition);
    }

    /// The one that a saga was started by.
    pub fn of(&self, saga: &str, fingerprint: Fingerprint) -> Option<&Arc<dyn Definition>> {
        self.all.get(&(saga.to_owned(), fingerprint))
    }

    /// The one that new sagas are started by.
    pub fn newest(&self, saga: &str) -> Option<&Arc<dyn Definition>> {
        self.newest.get(saga)
    }

    /// All that new sagas are started by, in the order of their names.
    pub fn all_newest(&self) -> Vec<&Arc<dyn Definition>> {
        let mut all: Vec<_> = self.newest.values().collect();
        all.sort_by(|left, right| left.shape().name.cmp(&right.shape().name));
        all
    }
}

impl SagaEngine {
    /// An engine for these definitions.
    ///
    /// # Errors
    /// When the options cannot be used, or something is wrong with a definition.
    pub fn new(
        options: SagaOptions,
        definitions: Definitions,
        ground: SagaGround,
    ) -> Result<Self, OpenSagasError> {
        options.validate()?;
        if let Some(problems) =
            definitions.all.values().find_map(|definition| definition.problems())
        {
            return Err(problems.clone().into());
        }
        let SagaGround { ground, calls, views } = ground;
        let (sender, jobs) = mpsc::channel(options.in_flight_max);
        let recorder = Recorder::new(ground.clone(), Codec::new()?);
        let inner = Inner {
            entries: Documents::new(views)?,
            recorder,
            room: Arc::new(Semaphore::new(options.in_flight_max)),
            ground,
            calls,
            definitions,
            options,
            active: Active::default(),
            jobs: sender,
            metrics: SagaMetrics::default(),
            sweeping: Mutex::default(),
            failing: std::sync::Mutex::default(),
        };
        Ok(Self { sagas: Sagas { inner: Arc::new(inner) }, jobs, duty: Duty::always() })
    }

    /// The same, driving sagas only while this process does what only one may do. Where it does
    /// not, sagas are started and given orders all the same: whoever has the duty drives them.
    #[must_use]
    pub fn on_duty(mut self, duty: Duty) -> Self {
        self.duty = duty;
        self
    }

    /// What starts sagas and asks after them.
    pub fn handle(&self) -> Sagas {
        self.sagas.clone()
    }

    /// Drives sagas until it is told to stop. Those that are under way are left where they stand:
    /// whoever runs next takes them up.
    ///
    /// # Errors
    /// Never; what fails is tried again.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), String> {
        drive::run(self.sagas.inner, self.jobs, &self.duty, shutdown).await
    }
}

impl Sagas {
    /// Starts a saga, once: two that are started with the same identity are one. When this
    /// answers, it is recorded and will end, whatever happens.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub async fn start<D: SagaData>(
        &self,
        saga: &str,
        data: &D,
        about: &Surrounds,
    ) -> Result<StartedSaga, StartSagaError> {
        let data = Known::of(data).map_err(StartSagaError::Data)?;
        self.start_known(saga, data, about).await
    }

    /// The same, knowing what JSON says.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub async fn start_known(
        &self,
        saga: &str,
        data: Known,
        about: &Surrounds,
    ) -> Result<StartedSaga, StartSagaError> {
        let inner = &self.inner;
        let unknown = || StartSagaError::Unknown { saga: saga.to_owned() };
        let definition = Arc::clone(inner.definitions.newest(saga).ok_or_else(unknown)?);
        let identity = definition.identity(&data)?.unwrap_or_else(|| about.command.to_string());
        let stream = saga_stream(saga, &identity)?;
        let correlation = Some(about.correlation.unwrap_or_else(|| correlation_of(&stream)));
        let now = inner.ground.clock.now();
        let beginning = Beginning { stream: stream.clone(), identity, data, correlation };
        let mut begun = begin(&*definition, beginning, now)?;
        begun.instance.tenant.clone_from(&about.tenant);
        begun.instance.traceparent = about.traceparent;
        if !inner.recorder.start(&begun, about).await? {
            return Ok(StartedSaga { stream, repeated: true });
        }
        inner.metrics.count(&begun.facts, &begun.instance);
        // What finds no room now is found by the sweeper.
        let begun = Some((begun, inner.ground.clock.running()));
        drop(inner.jobs.try_send(Job { stream: stream.clone(), begun }));
        Ok(StartedSaga { stream, repeated: false })
    }

    /// How a saga stands; nothing if there is none.
    ///
    /// # Errors
    /// When its facts cannot be read or cannot have happened.
    pub async fn find(&self, stream: &StreamId) -> Result<Option<Instance>, LoadSagaError> {
        self.inner.recorder.load(stream).await
    }

    /// All that has happened to a saga.
    ///
    /// # Errors
    /// When its facts cannot be read.
    pub async fn timeline(
        &self,
        stream: &StreamId,
    ) -> Result<Vec<crate::TimelineEntry>, LoadSagaError> {
        self.inner.recorder.timeline(stream).await
    }

    /// Has something done with a saga.
    ///
    /// # Errors
    /// When that cannot be done as it stands, or be recorded.
    pub async fn order(&self, stream: &StreamId, order: Order) -> Result<(), OrderSagaError> {
        let missing = || OrderSagaError::Missing { stream: stream.clone() };
        let instance = self.find(stream).await?.ok_or_else(missing)?;
        self.inner.take(instance, &Input::Order(order)).await?;
        self.inner.attend(stream);
        Ok(())
    }

    /// Has a saga go on by the newest definition of its name, in which its steps may have other
    /// names.
    ///
    /// # Errors
    /// When it cannot, or when that could not be recorded.
    pub async fn migrate(
        &self,
        stream: &StreamId,
        steps: &BTreeMap<String, String>,
        by: &str,
    ) -> Result<(), OrderSagaError> {
        let missing = || OrderSagaError::Missing { stream: stream.clone() };
        let instance = self.find(stream).await?.ok_or_else(missing)?;
        if instance.is_ended() {
            return Err(OrderSagaError::Refused(OrderError::Ended));
        }
        let definition = self.inner.definitions.newest(&instance.saga);
        let definition = definition.ok_or_else(|| OrderSagaError::Parked {
            stream: stream.clone(),
            fingerprint: instance.fingerprint.to_string(),
        })?;
        let now = self.inner.ground.clock.now();
        let migrated = migrate(&**definition, instance.clone(), steps, by, now)?;
        self.inner.recorder.record(&instance, &migrated, None).await?;
        self.inner.attend(stream);
        Ok(())
    }

    /// Lets the sagas that it is about hear an event, and starts those that it starts. To be
    /// told of an event twice is as to be told once.
    ///
    /// # Errors
    /// When it cannot be read or recorded: it has to be told again.
    pub async fn hear(&self, event: &Envelope) -> Result<(), HearError> {
        follow::hear(self, event).await
    }

    /// The same for the sagas of one name.
    ///
    /// # Errors
    /// When it cannot be read or recorded: it has to be told again.
    pub async fn hear_of(&self, saga: &str, event: &Envelope) -> Result<(), HearError> {
        match self.inner.definitions.newest(saga) {
            Some(definition) => follow::heard_by(self, &**definition, event).await,
            None => Ok(()),
        }
    }

    /// The sagas as they can be found.
    pub fn entries(&self) -> &Documents<SagaEntry> {
        &self.inner.entries
    }

    /// The definitions that are known.
    pub fn definitions(&self) -> &Definitions {
        &self.inner.definitions
    }

    /// What has been counted.
    pub fn metrics(&self) -> &SagaMetrics {
        &self.inner.metrics
    }

    /// Which sagas are driven at present.
    pub fn active(&self) -> &Active {
        &self.inner.active
    }
}

/// The flow that a saga belongs to if nothing else is said.
fn correlation_of(stream: &StreamId) -> CorrelationId {
    Id::named(stream.as_str())
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sagas")
            .field("definitions", &self.definitions.newest.keys())
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// What is recorded as the type of a fact's event.
pub(crate) type FactCodec = Codec<Fact>;

#[cfg(test)]
mod tests;
