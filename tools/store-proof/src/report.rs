//! What the torture says: how often what was done, and what became of the promises.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use ondol_doors::{Clock, SystemClock};

/// How many violations are told of in full.
const TOLD_MAX: usize = 20;

/// The report of one torture.
#[derive(Debug)]
pub(crate) struct Report {
    clock: SystemClock,
    violations: Vec<String>,
    missed: Vec<String>,
}

/// What one round came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
    pub(crate) unknown: u64,
    /// How often the log was not opened, or did not answer, because it was not whole.
    pub(crate) declined: u64,
    pub(crate) violations: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.declined += other.declined;
        self.violations += other.violations;
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

impl Report {
    pub(crate) fn begin(seed: u64) -> io::Result<Self> {
        say(&format!("store torture, seed {seed}"))?;
        Ok(Self { clock: SystemClock::start(), violations: Vec::new(), missed: Vec::new() })
    }

    /// How long it has been going on.
    pub(crate) fn running(&self) -> Duration {
        self.clock.running()
    }

    /// Tells of what went against a promise.
    pub(crate) fn violation(&mut self, what: String) -> anyhow::Result<()> {
        if self.violations.len() < TOLD_MAX {
            say(&format!("VIOLATION {what}"))?;
        }
        self.violations.push(what);
        Ok(())
    }

    /// Says what one kind of torture came to.
    pub(crate) fn part(&self, what: &str, tally: Tally) -> anyhow::Result<()> {
        let Tally { rounds, acknowledged, refused, unknown, declined, violations } = tally;
        say(&format!(
            "  {what:<44} {rounds:>6} rounds · {acknowledged:>8} acknowledged · {refused:>6} refused · \
             {unknown:>6} unknown · {declined:>5} declined · {violations} violations"
        ))?;
        Ok(())
    }

    /// Says in how many rounds a planted bug was caught, if it was.
    pub(crate) fn planted(
        &mut self,
        bug: &str,
        rounds: u64,
        caught: Option<&str>,
    ) -> anyhow::Result<()> {
        let how = caught.map_or_else(
            || "NOT CAUGHT".to_owned(),
            |found| format!("caught: {}", found.lines().next().unwrap_or_default()),
        );
        if caught.is_none() {
            self.missed.push(bug.to_owned());
        }
        say(&format!("  planted bug {bug:<32} {rounds:>6} rounds · {how}"))?;
        Ok(())
    }

    /// Says what was not done, and why.
    pub(crate) fn left_out(&mut self, what: &str, why: &str) -> anyhow::Result<()> {
        say(&format!("  {what:<44} not done: {why}"))?;
        Ok(())
    }

    /// Says what it all came to.
    pub(crate) fn end(self) -> anyhow::Result<ExitCode> {
        let is_kept = self.violations.is_empty() && self.missed.is_empty();
        let outcome = if is_kept { "every promise was kept" } else { "PROMISES WERE BROKEN" };
        say(&format!(
            "{outcome}: {} violations, {} planted bugs not caught, {:.0} s",
            self.violations.len(),
            self.missed.len(),
            self.running().as_secs_f64()
        ))?;
        Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
