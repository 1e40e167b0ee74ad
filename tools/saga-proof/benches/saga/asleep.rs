//! How soon a process is at work that finds very many sagas asleep.

use std::time::Duration;

use ondol_bench::{Measured, Stopwatch};
use ondol_bus::About;
use ondol_domain::{Facts, Saga, Turn};
use ondol_kernel::{CommandId, Id};
use ondol_runtime::{Running, Service, Supervisor};
use ondol_saga::{RunsSagas, Sagas};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::bank::home;

/// How long the view may take to be folded before the measuring begins.
const FOLDED_WITHIN: Duration = Duration::from_secs(600);
/// How many begin at a time.
const AT_A_TIME: u64 = 4_096;

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

fn start(folder: &std::path::Path, supervisor: &Supervisor) -> anyhow::Result<(Running, Sagas)> {
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

async fn fall_asleep(folder: &std::path::Path, sleepers: u64) -> anyhow::Result<()> {
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
