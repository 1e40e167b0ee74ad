//! How soon a process is at work that finds very many sagas asleep, and how much memory they take.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use ondol_bench::{Measured, Stopwatch};
use ondol_bus::About;
use ondol_domain::{Facts, Saga, Turn};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{CommandId, Id};
use ondol_runtime::{Running, Service, Supervisor};
use ondol_saga::{RunsSagas, SagaEntry, Sagas};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::bank::home;

/// How long the view may take to be folded before the measuring begins.
const FOLDED_WITHIN: Duration = Duration::from_secs(600);
/// How many begin at a time.
const AT_A_TIME: u64 = 4_096;
/// How long a process is left to itself before its memory is looked at: some sweeps.
const AT_REST: Duration = Duration::from_secs(3);
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
    let service = Service::named("bench.sleepers").saga(sleeper());
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
    /// How much memory the process had before there were any.
    resident: u64,
}

impl Sleepers {
    /// Puts many to sleep, and ends.
    pub(crate) fn new(runtime: &Runtime, count: u64) -> anyhow::Result<Self> {
        let (resident, folder) = (resident_bytes(), tempfile::tempdir_in(".")?);
        runtime.block_on(fall_asleep(folder.path(), count))?;
        Ok(Self { folder, count, more: 0, resident })
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
    /// been put to sleep. The memory is all that the process has more than before there were any,
    /// what the allocator has kept of putting them to sleep too.
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
        let grown = resident_bytes().saturating_sub(self.resident);
        runtime.block_on(supervisor.shut_down()).map_err(|end| anyhow::anyhow!("{end:?}"))?;
        let megabytes = f64::from(u32::try_from(grown >> 20)?);
        Ok(Measured::new(seconds).also("memory", "MiB", megabytes))
    }
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
    let service = Service::named("bench.sleepers");
    let service = if runs { service.saga(sleeper()) } else { service.view::<SagaEntry>() };
    let running = service.start(&home(folder, "sleepers")?, &supervisor)?;
    running.caught_up(FOLDED_WITHIN).await?;
    SystemClock::start().sleep(AT_REST).await;
    let bytes = anonymous_bytes()?;
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
    Ok(bytes)
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

/// How much memory the process holds.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

/// How much memory of its own the process holds, the pages of files not counted.
fn anonymous_bytes() -> anyhow::Result<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.context("the system says how much")?.trim().parse::<u64>()? * 1_024)
}
