//! The simulated disk: every call to it is failed in every way, and its power is cut anywhere.

use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{ManualClock, SeededRng};
use ondol_kernel::Timestamp;
use ondol_store_disk::{DiskStore, Doors, Fault, Options, PlantedBug, SimDisk};
use tokio::runtime::Runtime;

use crate::history::{Answer, History};
use crate::parts::Budget;
use crate::report::{Report, Tally};
use crate::workload;

const FOLDER: &str = "/log";
/// How many appends a round makes before the fault's time is up, and how many after it.
const APPENDS: u64 = 120;
const APPENDS_AFTER: u64 = 24;

const FAULTS: [(Fault, &str); 6] = [
    (Fault::FailOnce, "a call fails once"),
    (Fault::FailForEver, "a call fails, and all after it"),
    (Fault::NoRoom, "the disk is full from a call on"),
    (Fault::ShortWrite, "a write is cut short"),
    (Fault::CrashBefore, "the power is cut before a call"),
    (Fault::CrashAfter, "the power is cut after a call"),
];

/// A log on a simulated disk.
pub(crate) struct Rig {
    pub(crate) disk: SimDisk,
    pub(crate) doors: Doors,
    pub(crate) options: Options,
}

impl Rig {
    pub(crate) fn new(seed: u64, bug: Option<PlantedBug>) -> Self {
        let disk = SimDisk::new();
        let doors = Doors {
            disk: Arc::new(disk.clone()),
            clock: Arc::new(ManualClock::at(Timestamp::EPOCH)),
            rng: Arc::new(SeededRng::new(seed)),
        };
        Self { disk, doors, options: Options { planted_bug: bug, ..workload::options(FOLDER) } }
    }

    pub(crate) fn open(&self) -> anyhow::Result<Arc<DiskStore>> {
        Ok(Arc::new(DiskStore::open(&self.options, &self.doors)?))
    }
}

/// What one round came to, and what went against a promise.
#[derive(Debug, Default)]
pub(crate) struct Round {
    pub(crate) tally: Tally,
    pub(crate) wrong: Vec<String>,
}

impl Round {
    pub(crate) fn of(history: &History, wrong: Vec<String>) -> Self {
        let tally = Tally {
            rounds: 1,
            acknowledged: history.count(|answer| matches!(answer, Answer::Acknowledged(_))),
            refused: history.count(|answer| answer == Answer::Refused),
            unknown: history.count(|answer| answer == Answer::Unknown),
            declined: 0,
            violations: wrong.len() as u64,
        };
        Self { tally, wrong }
    }
}

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// One life of a log with a fault in it, a power cut, and the check of what is left.
pub(crate) fn round(
    runtime: &Runtime,
    seed: u64,
    fault: Option<(u64, Fault)>,
    bug: Option<PlantedBug>,
) -> anyhow::Result<Round> {
    let rig = Rig::new(seed, bug);
    let mut history = History::default();
    if let Some((call, fault)) = fault {
        rig.disk.fail_call(call, fault);
    }
    if let Ok(store) = rig.open() {
        history = runtime.block_on(workload::run(&store, seed, 1, APPENDS));
        rig.disk.cut_power();
        drop(store);
    }
    rig.disk.restart(seed);
    let store = match rig.open() {
        Ok(store) => store,
        Err(error) => {
            let wrong = vec![format!("a log that only lost its power was not opened: {error:#}")];
            return Ok(Round::of(&history, wrong));
        }
    };
    let mut wrong = runtime.block_on(check(&history, &store));
    let more = runtime.block_on(workload::run(&store, seed + 1, 1 << 20, APPENDS_AFTER));
    wrong.extend(runtime.block_on(check(&more, &store)));
    if more.count(|answer| answer == Answer::Unknown) > 0 {
        wrong.push("a log that was opened again has stopped without a fault".to_owned());
    }
    Ok(Round::of(&history, wrong))
}

/// Checks; a log that does not let itself be read is wrong as well.
pub(crate) async fn check(history: &History, store: &Arc<DiskStore>) -> Vec<String> {
    let checked = history.check(&**store).await;
    checked.unwrap_or_else(|error| vec![format!("the log could not be read: {error:#}")])
}

/// How many calls a round without a fault makes.
pub(crate) fn calls(runtime: &Runtime, seed: u64) -> anyhow::Result<u64> {
    let rig = Rig::new(seed, None);
    let store = rig.open()?;
    runtime.block_on(workload::run(&store, seed, 1, APPENDS));
    drop(store);
    Ok(rig.disk.calls())
}

/// Fails every call in every way, in an order that reaches all parts of a life early.
pub(crate) fn run(budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let calls = calls(&runtime, budget.seed)?;
    for (fault, what) in FAULTS {
        let until = report.running() + budget.share(7);
        let mut tally = Tally::default();
        for nth in 0..calls {
            if report.running() > until {
                break;
            }
            // A step that shares no factor with the number of calls visits each of them once.
            let call = 1 + (nth * step(calls)) % calls;
            let done = round(&runtime, budget.seed + nth, Some((call, fault)), None)?;
            tally.add(done.tally);
            for wrong in done.wrong {
                let seed = budget.seed + nth;
                report.violation(format!("{what} {call} (seed {seed}): {wrong}"))?;
            }
        }
        let of = format!("simulated: {what} ({} of {calls} calls)", tally.rounds);
        report.part(&of, tally)?;
    }
    full(&runtime, budget, report)
}

fn step(calls: u64) -> u64 {
    let shares_a_factor = |mut a: u64, mut b: u64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a != 1
    };
    let mut step = (calls * 5 / 8).max(1);
    while shares_a_factor(calls, step) {
        step += 1;
    }
    step
}

/// How soon after there is room again something must be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// A disk that fills up and has room again: appends are refused meanwhile, and reading goes on.
fn full(runtime: &Runtime, budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let until = report.running() + budget.share(3);
    let mut tally = Tally::default();
    let mut seed = budget.seed;
    while report.running() < until.max(Duration::from_millis(1)) {
        seed += 1;
        let rig = Rig::new(seed, None);
        let store = rig.open()?;
        let before = runtime.block_on(workload::run(&store, seed, 1, APPENDS / 2));
        rig.disk.set_room(Some(1));
        let during = runtime.block_on(workload::run(&store, seed, 1 << 20, APPENDS));
        let mut wrong = runtime.block_on(check(&before, &store));
        wrong.extend(runtime.block_on(check(&during, &store)));
        rig.disk.set_room(None);
        let mut after = runtime.block_on(workload::run(&store, seed, 1 << 30, APPENDS / 2));
        // The index looks for room once a second, and until it has found some nothing is taken.
        let patience = report.running() + PATIENCE;
        let is_taken = |answer: Answer| matches!(answer, Answer::Acknowledged(_));
        let mut first = 1 << 30;
        while after.count(is_taken) == 0 && report.running() < patience {
            first += APPENDS;
            let more = runtime.block_on(workload::run(&store, seed, first, APPENDS / 2));
            after.asked.extend(more.asked);
            after.delivered.extend(more.delivered);
        }
        if after.count(is_taken) == 0 {
            wrong.push("nothing is taken after there is room again".to_owned());
        }
        rig.disk.cut_power();
        drop(store);
        rig.disk.restart(seed);
        let store = rig.open()?;
        let mut history = before;
        history.asked.extend(during.asked.into_iter().chain(after.asked));
        history.delivered.extend(during.delivered.into_iter().chain(after.delivered));
        wrong.extend(runtime.block_on(check(&history, &store)));
        tally.add(Round::of(&history, wrong.clone()).tally);
        for wrong in wrong {
            report.violation(format!("full disk (seed {seed}): {wrong}"))?;
        }
    }
    report.part("simulated: the disk fills up and has room again", tally)
}
