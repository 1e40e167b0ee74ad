//! `bank-torture`: the bank's processes are killed in a loop while transfers run, in one process
//! and in several, and the books are checked from outside. The bank is built as its tests are.

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use ondol_doors::{Clock, SystemClock};
use saga_proof::{Plan, Town, besiege};

/// How the services of the bank are spread.
const TOWNS: [&[&[&str]]; 2] = [
    &[&["bank.account", "bank.fraud"], &["bank.savings"], &["bank.transfer"]],
    &[&["bank.account", "bank.fraud", "bank.savings", "bank.transfer"]],
];
/// How often a process is killed in a round.
const KILLS: u32 = 20;
/// The same with `--short`.
const KILLS_SHORT: u32 = 6;
/// How many tellers begin transfers all the time.
const TELLERS: u64 = 8;

/// What can be said on the command line.
#[derive(Debug, Parser)]
struct Arguments {
    /// For how long; each way to spread the services is besieged once anyway.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// The number that all chance follows from, but the machine's own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A third of the kills.
    #[arg(long)]
    short: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let bank = built()?;
    let clock = SystemClock::start();
    let until = Duration::from_secs(60 * arguments.minutes);
    let kills = if arguments.short { KILLS_SHORT } else { KILLS };
    let mut seed = arguments.seed;
    loop {
        for groups in TOWNS {
            let town = Arc::new(Town::start(&bank, groups, "", "").await?);
            let report = besiege(&town, &Plan { kills, tellers: TELLERS, seed }).await?;
            writeln!(stdout().lock(), "{} processes, {report}", groups.len())?;
            for wrong in &report.wrong {
                writeln!(stdout().lock(), "BROKEN: {wrong}")?;
            }
            if !report.wrong.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
            seed = seed.wrapping_add(TELLERS);
        }
        if clock.running() >= until {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Builds the bank, and says where it is.
fn built() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let line = ["build", "--quiet", "--package", "bank", "--message-format", "json"];
    let told = Command::new(cargo).args(line).output()?;
    anyhow::ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let messages = told.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut programs = messages
        .filter_map(|message: serde_json::Value| message["executable"].as_str().map(PathBuf::from));
    programs.next_back().context("cargo says where the bank is")
}
