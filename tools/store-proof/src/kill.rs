//! A process that writes is killed at any moment, and what it was told is compared with what is
//! there.
//!
//! This proves that the log's files agree with each other, not that they reached the disk: the
//! page cache outlives a process. Power cuts prove that.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock as _, Rng as _, SeededRng, SystemClock};
use ondol_kernel::{EventId, Position};
use ondol_store::EventStore as _;
use ondol_store_disk::{DiskStore, Doors, Options, PlantedBug};

use crate::Budget;
use crate::history::{Answer, Asked, History};
use crate::report::{Report, Tally};
use crate::simulated::{Round, check, runtime};
use crate::workload;

fn options(folder: &Path, has_bug: bool) -> Options {
    Options {
        folder: folder.to_owned(),
        segment_bytes: 256 << 10,
        index_entries_max: 512,
        planted_bug: has_bug.then_some(PlantedBug::SkipSync),
        ..workload::options("")
    }
}

/// The process that writes: it says what was acknowledged, one line each, and never ends.
pub(crate) fn child(folder: &Path, seed: u64, has_bug: bool) -> anyhow::Result<()> {
    let store = Arc::new(DiskStore::open(&options(folder, has_bug), &Doors::default())?);
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut first = store.head().await?.position.get() + 1;
        loop {
            let history = workload::run(&store, seed ^ first, first, 60).await;
            let mut out = std::io::stdout().lock();
            for asked in history.asked {
                let Answer::Acknowledged(at) = asked.answer else { continue };
                let ids: Vec<String> =
                    asked.events.iter().map(|id| id.as_u128().to_string()).collect();
                writeln!(out, "{} {}", at.get(), ids.join(","))?;
            }
            out.flush()?;
            first += 60;
        }
    })
}

/// Starts a process that writes to a log in a folder.
pub(crate) fn start(folder: &Path, seed: u64, has_bug: bool) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--child").arg(folder).arg("--seed").arg(seed.to_string());
    if has_bug {
        command.arg("--bug");
    }
    Ok(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
}

/// What the process said it was told, until `is_over` after a line or the end of its words.
pub(crate) fn listen(
    child: &mut Child,
    mut is_over: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<History> {
    let mut history = History::default();
    let Some(out) = child.stdout.take() else { return Ok(history) };
    let mut lines = BufReader::new(out).lines();
    let mut was_stopped = false;
    while let Some(Ok(line)) = lines.next() {
        // A line that was cut short by the end of the process says nothing.
        if let Some(asked) = parse(&line) {
            history.asked.push(asked);
        }
        if !was_stopped && is_over()? {
            was_stopped = true;
            child.kill()?;
        }
    }
    child.wait()?;
    Ok(history)
}

fn parse(line: &str) -> Option<Asked> {
    let (at, ids) = line.split_once(' ')?;
    let at = Position::new(at.parse().ok()?);
    let id = |text: &str| text.parse().ok().map(EventId::from_u128);
    let events: Option<Vec<EventId>> = ids.split(',').map(id).collect();
    Some(Asked { events: events?, command: None, answer: Answer::Acknowledged(at) })
}

/// Kills until the time is up.
pub(crate) fn run(budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let rng = SeededRng::new(budget.seed);
    let until = report.running() + budget.share(8);
    let mut tally = Tally::default();
    let folder = tempfile::tempdir()?;
    let mut known = History::default();
    while report.running() < until {
        let clock = SystemClock::start();
        let life = Duration::from_millis(20 + rng.below(400));
        let mut child = start(folder.path(), rng.number(), false)?;
        let history = listen(&mut child, || Ok(clock.running() > life))?;
        known.asked.extend(history.asked.iter().cloned());
        let wrong = match DiskStore::open(&options(folder.path(), false), &Doors::default()) {
            Ok(store) => runtime.block_on(check(&known, &Arc::new(store))),
            Err(error) => vec![format!("the log was not opened: {error:#}")],
        };
        tally.add(Round::of(&history, wrong.clone()).tally);
        for wrong in wrong {
            report.violation(format!("kill -9 (round {}): {wrong}", tally.rounds))?;
        }
    }
    report.part("kill -9 of a process that writes", tally)
}
