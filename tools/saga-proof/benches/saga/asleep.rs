//! How soon a process is at work that finds very many sagas asleep, and how much memory they take.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use ondol_bench::{Measured, Stopwatch};
use ondol_bus::About;
use ondol_domain::{Facts, Saga, Turn};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{CommandId, Id};
use ondol_runtime::{Home, Running, Service, Supervisor};
use ondol_saga::{RunsSagas, SagaEntry, Sagas};
use ondol_views::{Parts, Projector, ProjectorOptions, Source, SourceName};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::bank::home;

const SERVICE: &str = "bench.sleepers";
/// How long the view may take to be folded before the measuring begins.
const FOLDED_WITHIN: Duration = Duration::from_secs(600);
/// How many begin at a time.
const AT_A_TIME: u64 = 4_096;
/// How long a process is left to itself before its memory is looked at: some sweeps.
const AT_REST: Duration = Duration::from_secs(3);
/// How long a process that was shut down may hold its log, and how often is looked whether it does.
const LET_GO_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Where the sleepers of a process are that is asked for its memory.
const OF: &str = "SLEEPERS_OF";
/// Whether that process runs sagas, or has their log and their view and nothing more.
const RUNS: &str = "SLEEPERS_RUN";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sleeper {
    id: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Woken {
    id: u64,
}

impl Facts for Woken {
    const KIND: &'static str = "bench";
    const SERVICE: Option<&'static str> = Some("bench.outside");
}

fn sleeper() -> Saga<Sleeper> {
    Saga::<Sleeper>::named("bench.sleeper", 1)
        .identified_by(|sleeper| sleeper.id.to_string())
        .wait("sleep", |woken: &Woken| woken.id.to_string(), |_sleeper, _woken| Some(Turn::GoOn))
        .within(Duration::from_secs(30 * 24 * 60 * 60))
}

fn start(folder: &Path, supervisor: &Supervisor) -> anyhow::Result<(Running, Sagas)> {
    let service = Service::named(SERVICE).saga(sleeper());
    let running = service.start(&home(folder, "sleepers")?, supervisor)?;
    let sagas = running.companion::<Sagas>()?;
    Ok((running, sagas))
}

/// Many sagas that were put to sleep.
pub(crate) struct Sleepers {
    folder: tempfile::TempDir,
    count: u64,
    /// How many have been put to sleep since.
    more: u64,
}

impl Sleepers {
    /// Puts many to sleep, and ends.
    pub(crate) fn new(runtime: &Runtime, count: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(".")?;
        runtime.block_on(fall_asleep(folder.path(), count))?;
        runtime.block_on(let_go(folder.path()))?;
        Ok(Self { folder, count, more: 0 })
    }

    /// Measures how many bytes of memory each takes: how much more a process has that runs them
    /// than one that has their log and their view open, folds and nothing more.
    pub(crate) fn memory(&mut self, _runtime: &Runtime) -> anyhow::Result<Measured> {
        let bytes = |runs: &str| -> anyhow::Result<f64> {
            let mut child = Command::new(std::env::current_exe()?);
            let told = child.env(OF, self.folder.path()).env(RUNS, runs).output()?;
            anyhow::ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            Ok(String::from_utf8(told.stdout)?.trim().parse::<f64>()?)
        };
        let count = f64::from(u32::try_from(self.count + self.more)?);
        Ok(Measured::new((bytes("yes")? - bytes("no")?).max(0.0) / count))
    }

    /// Measures how long it takes to begin again: until every one can be found, and a new one has
    /// been put to sleep.
    pub(crate) fn begin(&mut self, runtime: &Runtime) -> anyhow::Result<Measured> {
        let watch = Stopwatch::start();
        let supervisor = Supervisor::new();
        let another = self.count + self.more;
        self.more += 1;
        let folder = self.folder.path();
        let seconds = runtime.block_on(async {
            let (running, sagas) = start(folder, &supervisor)?;
            running.caught_up(FOLDED_WITHIN).await?;
            put_to_sleep(&sagas, another).await?;
            let seconds = watch.elapsed().as_secs_f64();
            anyhow::ensure!(sagas.active().count() <= 1, "sleepers are driven");
            anyhow::Ok(seconds)
        })?;
        runtime.block_on(supervisor.shut_down()).map_err(|end| anyhow::anyhow!("{end:?}"))?;
        runtime.block_on(let_go(self.folder.path()))?;
        Ok(Measured::new(seconds))
    }
}

/// Waits until the log is free again: whoever lets go of it last closes it, which takes a moment.
async fn let_go(folder: &Path) -> anyhow::Result<()> {
    let clock = SystemClock::start();
    let until = clock.running() + LET_GO_WITHIN;
    while let Err(error) = home(folder, "sleepers") {
        anyhow::ensure!(clock.running() < until, "the log is not let go: {error:?}");
        clock.sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Whether this process was started to be asked for its memory; then it has said so.
pub(crate) fn is_asked_for_its_memory(runtime: &Runtime) -> anyhow::Result<bool> {
    let Some(folder) = std::env::var_os(OF) else { return Ok(false) };
    let runs = std::env::var(RUNS).is_ok_and(|runs| runs == "yes");
    let bytes = runtime.block_on(at_rest(Path::new(&folder), runs))?;
    writeln!(std::io::stdout(), "{bytes}")?;
    Ok(true)
}

async fn at_rest(folder: &Path, runs: bool) -> anyhow::Result<u64> {
    let supervisor = Supervisor::new();
    if runs {
        let (running, _sagas) = start(folder, &supervisor)?;
        running.caught_up(FOLDED_WITHIN).await?;
    } else {
        fold(home(folder, "sleepers")?, &supervisor)?;
    }
    SystemClock::start().sleep(AT_REST).await;
    let bytes = anonymous_bytes()?;
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
    Ok(bytes)
}

/// The log and the view of the sleepers, as a service has them that runs no sagas.
fn fold(home: Home, supervisor: &Supervisor) -> anyhow::Result<()> {
    let source = Source::new(SourceName::new(SERVICE)?, Arc::clone(&home.ground.store));
    let (views, clock) = (home.views, home.ground.clock);
    let parts = Parts { views, sources: vec![source], clock };
    let projector = Projector::<SagaEntry>::new(ProjectorOptions::default(), parts)?;
    supervisor.start("the view", move |mut stop| async move {
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        projector.run(stopped).await.map_err(|error| error.to_string())
    });
    Ok(())
}

async fn fall_asleep(folder: &Path, sleepers: u64) -> anyhow::Result<()> {
    let supervisor = Supervisor::new();
    let (running, sagas) = start(folder, &supervisor)?;
    let mut falling = tokio::task::JoinSet::new();
    for first in 0..AT_A_TIME {
        let sagas = sagas.clone();
        falling.spawn(async move {
            let mut id = first;
            while id < sleepers {
                put_to_sleep(&sagas, id).await?;
                id += AT_A_TIME;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = falling.join_next().await {
        done??;
    }
    running.caught_up(FOLDED_WITHIN).await?;
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))
}

async fn put_to_sleep(sagas: &Sagas, id: u64) -> anyhow::Result<()> {
    let command: CommandId = Id::named(&id.to_string());
    sagas.start("bench.sleeper", &Sleeper { id }, &About::new(command)).await?;
    Ok(())
}

/// How much memory of its own the process holds, the pages of files not counted.
fn anonymous_bytes() -> anyhow::Result<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.context("the system says how much")?.trim().parse::<u64>()? * 1_024)
}
