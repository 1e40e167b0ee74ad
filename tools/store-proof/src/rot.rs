//! Bit rot: bytes change and files lose their ends behind the log's back. What is damaged is
//! mended or declined; it is never served.

use ondol_doors::{Rng, SeededRng};
use ondol_store_disk::PlantedBug;
use tokio::runtime::Runtime;

use crate::Budget;
use crate::history::History;
use crate::report::{Report, Tally};
use crate::simulated::{Rig, Round, runtime};
use crate::workload;

const APPENDS: u64 = 120;

/// One log, one damage, and whether anything wrong is served.
pub(crate) fn round(
    runtime: &Runtime,
    seed: u64,
    bug: Option<PlantedBug>,
) -> anyhow::Result<Round> {
    let rig = Rig::new(seed, bug);
    let store = rig.open()?;
    let history = runtime.block_on(workload::run(&store, seed, 1, APPENDS));
    drop(store);
    damage(&rig, seed)?;
    let mut done = match rig.open() {
        Ok(store) => match runtime.block_on(served(&history, &store)) {
            Some(wrong) => Round::of(&history, wrong),
            None => declined(&history),
        },
        Err(_) => declined(&history),
    };
    done.tally.rounds = 1;
    Ok(done)
}

/// A log whose power was cut, damaged in the middle: whole groups follow, so it is declined.
pub(crate) fn round_in_the_middle(
    runtime: &Runtime,
    seed: u64,
    bug: Option<PlantedBug>,
) -> anyhow::Result<Round> {
    let mut rig = Rig::new(seed, bug);
    // One segment and nothing beside it: there is no index yet that knows what is missing.
    (rig.options.segment_bytes, rig.options.index_entries_max) = (1 << 20, 1 << 16);
    let store = rig.open()?;
    let history = runtime.block_on(workload::run(&store, seed, 1, APPENDS));
    rig.disk.cut_power();
    drop(store);
    rig.disk.restart(seed);
    let rng = SeededRng::new(seed);
    rig.disk.rot(std::path::Path::new("/log/00000000000000000001.log"), |bytes| {
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let half = (written / 2).max(65) as u64;
        let at = usize::try_from(64 + rng.below(half - 64)).expect("a length in memory");
        bytes[at] ^= 1 << rng.below(8);
    })?;
    match rig.open() {
        Ok(store) => Ok(match runtime.block_on(served(&history, &store)) {
            Some(wrong) => Round::of(&history, wrong),
            None => declined(&history),
        }),
        Err(_) => Ok(declined(&history)),
    }
}

fn declined(history: &History) -> Round {
    let mut round = Round::of(history, Vec::new());
    round.tally.declined = 1;
    round
}

/// What is wrong with what the log serves; nothing if it declines to.
async fn served(
    history: &History,
    store: &std::sync::Arc<ondol_store_disk::DiskStore>,
) -> Option<Vec<String>> {
    history.check(&**store).await.ok()
}

/// Changes a byte, a sector, or the length of some file.
fn damage(rig: &Rig, seed: u64) -> anyhow::Result<()> {
    let rng = SeededRng::new(seed);
    let paths = rig.disk.paths();
    let path = &paths[usize::try_from(rng.below(paths.len() as u64))?];
    rig.disk.rot(path, |bytes| {
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let at = usize::try_from(rng.below(written as u64)).expect("a length in memory");
        match rng.below(4) {
            _ if written == 0 => {}
            0 => bytes.truncate(at),
            1 => {
                let end = (at + 512).min(bytes.len());
                bytes[at..end].fill(0);
            }
            _ => bytes[at] ^= 1 << rng.below(8),
        }
    })?;
    Ok(())
}

/// Damages logs until the time is up.
pub(crate) fn run(budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let until = report.running() + budget.share(14);
    let (mut tally, mut seed) = (Tally::default(), budget.seed << 20);
    while report.running() < until {
        seed += 1;
        let done = round(&runtime, seed, None)?;
        tally.add(done.tally);
        for wrong in done.wrong {
            report.violation(format!("bit rot (seed {seed}): {wrong}"))?;
        }
    }
    report.part("bit rot: any byte of any file, any length", tally)?;
    let until = report.running() + budget.share(3);
    let mut tally = Tally::default();
    while report.running() < until {
        seed += 1;
        let done = round_in_the_middle(&runtime, seed, None)?;
        tally.add(done.tally);
        for wrong in done.wrong {
            report.violation(format!("bit rot in the middle (seed {seed}): {wrong}"))?;
        }
    }
    report.part("bit rot: the middle, after a power cut", tally)
}
