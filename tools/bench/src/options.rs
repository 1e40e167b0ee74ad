//! What a bench program is told on its command line.

use std::path::PathBuf;

use clap::Parser;

/// Fewer runs than this have no median worth the name.
pub const RUNS_MIN: u16 = 3;
/// More runs than this change nothing but the waiting.
pub const RUNS_MAX: u16 = 101;

/// The command line of every bench program.
#[derive(Debug, Clone, Default, Parser)]
#[command(about = "Measures, and compares with a limit or a peer in the same run")]
pub struct Options {
    /// Run only the cases whose name contains this, and what they are compared with
    pub case: Option<String>,
    /// Write one JSON object per figure to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// One small run of each case, to see that it works; the figures are marked and prove nothing
    #[arg(long, conflicts_with = "runs")]
    pub quick: bool,
    /// How often each case runs [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(i64::from(RUNS_MIN)..=i64::from(RUNS_MAX)))]
    pub runs: Option<u16>,
    /// Given by `cargo bench` to every bench program; means nothing here
    #[arg(long, hide = true)]
    pub bench: bool,
}

impl Options {
    /// How often each case runs.
    pub fn rounds(&self) -> u16 {
        if let Some(n) = std::env::var("EXPERIMENT_ROUNDS").ok().and_then(|n| n.parse().ok()) {
            return n;
        }
        if self.quick { 1 } else { self.runs.unwrap_or(RUNS_MIN) }
    }
}

#[cfg(test)]
mod tests;
