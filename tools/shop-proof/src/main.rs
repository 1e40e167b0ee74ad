//! `shop-torture`: fifty people buy the same few things while everything outside goes wrong, and
//! the books are checked when it is over.

use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use shop_proof::{Storm, storm};

/// How many buy at once.
const BUYERS: u64 = 50;
/// How long it lasts at least, and with `--short`.
const LASTS: Duration = Duration::from_secs(120);
const LASTS_SHORT: Duration = Duration::from_secs(8);

/// What can be said on the command line.
#[derive(Debug, Parser)]
struct Arguments {
    /// For how long; two minutes at least.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// The number that all chance follows from, but the machine's own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few seconds of it.
    #[arg(long)]
    short: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { minutes, seed, short } = Arguments::parse();
    let lasts = if short { LASTS_SHORT } else { LASTS.max(Duration::from_secs(60 * minutes)) };
    let report = storm(&Storm { buyers: BUYERS, lasts, seed }).await?;
    let mut out = stdout().lock();
    writeln!(out, "{report}")?;
    Ok(if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
