//! How an app comes up, stops, crashes and comes up again, always over the same logs and views.

use std::fmt;
use std::sync::Arc;

use ondol::{App, Between, Config, Hosted, Stage};
use ondol_doors::{Clock, ManualClock, Rng, SeededRng};
use ondol_kernel::Timestamp;
use ondol_runtime::{Ground, Home, Running, Supervisor};
use ondol_store::{Limits, MemoryStore};
use ondol_timers::MemoryTimers;
use ondol_views::MemoryViews;
use tokio::runtime::Runtime;

use crate::drive;

/// How an app is run in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOptions {
    /// What all chance follows from: ids, keys, samples.
    pub seed: u64,
    /// The time at which it begins.
    pub begins: Timestamp,
}

impl Default for TestOptions {
    fn default() -> Self {
        let begins = "2026-01-01T00:00:00Z".parse().expect("it is a time");
        Self { seed: 1, begins }
    }
}

/// A whole app in memory.
pub struct TestApp {
    app: App,
    homes: Vec<(String, Home)>,
    /// For what a service keeps in files besides.
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) rng: Arc<SeededRng>,
    /// What runs; nothing, between two lives.
    life: Option<Life>,
}

/// From coming up to stopping or crashing.
pub(crate) struct Life {
    pub(crate) runtime: Runtime,
    pub(crate) supervisor: Supervisor,
    pub(crate) stage: Stage,
}

impl TestApp {
    /// Brings up the app with empty logs.
    ///
    /// # Panics
    /// When one of its services does not hold together.
    pub fn of(app: App) -> Self {
        Self::with(app, &TestOptions::default())
    }

    /// The same, with another seed or at another time.
    ///
    /// # Panics
    /// When one of its services does not hold together.
    pub fn with(app: App, options: &TestOptions) -> Self {
        Self::over(app, options, |_service, home| home)
    }

    /// The same, over logs and views of one's own making: the function is given a service's name
    /// and a home in memory, and may put something in front of its stores, as faults.
    ///
    /// # Panics
    /// When one of its services does not hold together.
    pub fn over(app: App, options: &TestOptions, home: impl Fn(&str, Home) -> Home) -> Self {
        let clock = Arc::new(ManualClock::at(options.begins));
        let rng = Arc::new(SeededRng::new(options.seed));
        let mut homes = Vec::with_capacity(app.services().len());
        for hosted in app.services() {
            let name = hosted.service().name();
            homes.push((name.to_owned(), home(name, in_memory(&clock, &rng))));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut brought_up = Self { app, homes, folder, clock, rng, life: None };
        brought_up.begin();
        brought_up
    }

    /// Stops the app in order, as an operator does, and brings it up again over what it has kept.
    ///
    /// # Panics
    /// When a task had failed.
    pub fn restart(&mut self) {
        let supervisor = self.life().supervisor.clone();
        let stopped = self.run(async move { supervisor.shut_down().await });
        if let Err(end) = stopped {
            drive::fail(&format!("{} has ended: {:?}", end.task, end.ending));
        }
        self.crash();
    }

    /// Ends the app wherever it stands, as a failing machine does, and brings it up again over
    /// what it has kept. Whatever was not kept is lost.
    pub fn crash(&mut self) {
        drop(self.life.take());
        self.begin();
    }

    /// The service of this name.
    ///
    /// # Panics
    /// When there is none.
    pub fn service(&self, name: &str) -> &Running {
        let found = self.life().stage.service(name);
        found.unwrap_or_else(|| drive::fail(&format!("the app has no service {name:?}")))
    }

    /// Everything that runs: its services, its router, its health.
    pub fn stage(&self) -> &Stage {
        &self.life().stage
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn life(&self) -> &Life {
        self.life.as_ref().expect("a life is over only while the next one begins")
    }

    fn begin(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            // Its own time stands still as well, and goes on only when nothing else does.
            .start_paused(true)
            .build()
            .expect("a runtime can be made");
        let supervisor = Supervisor::new();
        let stage = runtime.block_on(async {
            let hosted = self.app.services().iter();
            let homes: Vec<(&Hosted, Home)> =
                hosted.zip(&self.homes).map(|(hosted, (_, home))| (hosted, home.clone())).collect();
            let data = self.folder.path().to_owned();
            let between = Between::of(Config { data, ..Config::default() });
            Stage::raise_among(&self.app, homes, None, &between, &supervisor)
        });
        let stage = stage.unwrap_or_else(|error| {
            drive::fail(&format!("it does not come up: {}", ondol_runtime::error_chain(&error)))
        });
        self.life = Some(Life { runtime, supervisor, stage });
        self.settle();
    }
}

fn in_memory(clock: &Arc<ManualClock>, rng: &Arc<SeededRng>) -> Home {
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let rng: Arc<dyn Rng> = Arc::<SeededRng>::clone(rng);
    let epoch = rng.as_ref().id(clock.now());
    let store = Arc::new(MemoryStore::new(epoch, Limits::default()));
    let (views, timers) = (Arc::new(MemoryViews::default()), Arc::new(MemoryTimers::default()));
    Home { ground: Ground { store, clock, rng }, views, timers }
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp").field("app", &self.app).field("now", &self.now()).finish()
    }
}
