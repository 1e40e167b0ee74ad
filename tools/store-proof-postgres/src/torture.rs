//! Rounds of harm to the honest store, then to each planted mistake.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ondol_doors::{Clock, SeededRng, SystemClock};
use ondol_store_postgres::PlantedBug;
use ondol_testkit::servers::Postgres;

use crate::Wire;
use crate::rounds::Place;

/// How many rounds a planted mistake may go unnoticed.
const PLANTED_ROUNDS_MAX: u64 = 60;
/// Rounds of the honest store at least.
const ROUNDS_MIN: u64 = 8;

/// What was done, and what came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// The seed of the harm.
    pub seed: u64,
    /// Rounds of the honest store.
    pub rounds: u64,
    /// Events that were there at the ends of the rounds.
    pub events: usize,
    /// Appends that were acknowledged.
    pub acknowledged: usize,
    /// Appends that were refused.
    pub refused: usize,
    /// Appends of which nobody knew.
    pub unknown: usize,
    /// Sessions that were ended.
    pub sessions_ended: usize,
    /// How often the server was killed.
    pub kills: usize,
    /// How often the wire was told to break at a COMMIT.
    pub cuts: usize,
    /// Transactions that were left open.
    pub left_open: usize,
    /// Planted mistakes, in which round each was caught, and how it showed.
    pub caught: Vec<(PlantedBug, u64, String)>,
}

/// Hurts the store for about so long.
///
/// # Errors
/// When a promise was broken, a planted mistake was not caught, or the server is not to be had.
pub async fn run(duration: Duration, seed: u64) -> anyhow::Result<Report> {
    let server = tokio::task::block_in_place(Postgres::start)?;
    let wire = Wire::to(server.port()).await?;
    let clock = SystemClock::start();
    let mut place = Place { server, wire, rng: SeededRng::new(seed), clock, rounds: 0 };
    let mut report = Report { seed, ..Report::default() };
    while report.rounds < ROUNDS_MIN || place.clock.running() < duration.mul_f64(0.7) {
        report.rounds += 1;
        let round = report.rounds;
        place.round(None, &mut report).await.with_context(|| format!("round {round}"))?;
    }
    for bug in [PlantedBug::SequencePositions, PlantedBug::LostMeansFailed] {
        let (round, how) = catch(&mut place, bug).await?;
        report.caught.push((bug, round, how));
    }
    Ok(report)
}

/// In which round a planted mistake is caught, and how it shows.
async fn catch(place: &mut Place, bug: PlantedBug) -> anyhow::Result<(u64, String)> {
    let mut passed = 0;
    loop {
        let outcome = place.round(Some(bug), &mut Report::default()).await;
        passed += 1;
        if let Err(broken) = outcome {
            return Ok((passed, format!("{broken:#}")));
        }
        ensure!(passed < PLANTED_ROUNDS_MAX, "{bug:?} went unnoticed for {passed} rounds");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "PostgreSQL, 4 processes, 16 writers, 4 subscribers, seed {}", self.seed)?;
        writeln!(f, "  rounds                {}", self.rounds)?;
        writeln!(f, "  server killed         {}", self.kills)?;
        writeln!(f, "  sessions ended        {}", self.sessions_ended)?;
        writeln!(f, "  wire cut at COMMIT    {}", self.cuts)?;
        writeln!(f, "  transactions left open {}", self.left_open)?;
        writeln!(f, "  appends acknowledged  {}", self.acknowledged)?;
        writeln!(f, "  appends refused       {}", self.refused)?;
        writeln!(f, "  appends unknown       {}", self.unknown)?;
        writeln!(f, "  events looked at      {}", self.events)?;
        writeln!(f, "  lost 0, phantom 0, repeated 0, out of order 0")?;
        for (bug, round, how) in &self.caught {
            writeln!(f, "  planted {bug:?}: caught in round {round}: {how}")?;
        }
        Ok(())
    }
}
