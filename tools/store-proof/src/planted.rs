//! Planted bugs: the torture has to catch each of them, and says in how many rounds it did.

use ondol_doors::{Rng as _, SeededRng};
use ondol_store_disk::{Fault, PlantedBug};

use crate::history::History;
use crate::parts::Budget;
use crate::power::{self, Image};
use crate::report::Report;
use crate::{rot, simulated};

/// A bug that was not caught in so many rounds is not caught.
const ROUNDS_MAX: u64 = 3_000;
/// So many are played however long they take: some bugs show in one round of a hundred.
const ROUNDS_MIN: u64 = 1_000;

const BUGS: [(PlantedBug, &str, bool); 6] = [
    (PlantedBug::SkipSync, "the sync is left out", false),
    (PlantedBug::AnswerBeforeSync, "the answer comes before the sync", false),
    (PlantedBug::SkipFolderSync, "the folder is not synced", false),
    (PlantedBug::ReusePosition, "a position is handed out twice", false),
    (PlantedBug::IgnoreChecksums, "checksums are not looked at", true),
    (PlantedBug::CutInTheMiddle, "the middle is cut off as a torn end", true),
];

/// Plants each bug until it is caught.
pub(crate) fn run(budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    let runtime = simulated::runtime()?;
    let calls = simulated::calls(&runtime, budget.seed)?;
    for (bug, what, shows_in_rot) in BUGS {
        let rng = SeededRng::new(budget.seed);
        let (mut rounds, mut caught) = (0, None);
        let until = report.running() + budget.share(6);
        let goes_on = |rounds| rounds < ROUNDS_MIN || report.running() < until;
        while rounds < ROUNDS_MAX && caught.is_none() && goes_on(rounds) {
            rounds += 1;
            let seed = rng.number() >> 8;
            let done = if bug == PlantedBug::CutInTheMiddle {
                rot::round_in_the_middle(&runtime, seed, Some(bug))?
            } else if shows_in_rot {
                rot::round(&runtime, seed, Some(bug))?
            } else {
                let call = 1 + rng.below(calls);
                simulated::round(&runtime, seed, Some((call, Fault::CrashBefore)), Some(bug))?
            };
            caught = done.wrong.into_iter().next();
        }
        report.planted(what, rounds, caught.as_deref())?;
    }
    on_ext4(&runtime, budget, report)
}

/// The sync that is left out, on a real file system.
fn on_ext4(
    runtime: &tokio::runtime::Runtime,
    budget: Budget,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Ok(mut image) = Image::make() else { return Ok(()) };
    let (rng, mut known) = (SeededRng::new(budget.seed), History::default());
    let (mut rounds, mut caught) = (0, None);
    while rounds < 20 && caught.is_none() {
        rounds += 1;
        let done = power::round(runtime, &mut image, &rng, &mut known, true)?;
        caught = done.wrong.into_iter().next();
    }
    report.planted("the sync is left out (ext4)", rounds, caught.as_deref())
}
