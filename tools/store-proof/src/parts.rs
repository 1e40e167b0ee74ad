//! The command line of the torture, and how its time is shared out.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::report::Report;
use crate::{kill, planted, postgres, power, rot, simulated};

/// The command line.
#[derive(Debug, Parser)]
#[command(about = "Tortures the event store and reports what became of its promises")]
pub(crate) struct Arguments {
    /// How long it goes on
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// What all choices follow from: the same seed makes the same ones
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Less than a minute, for every day
    #[arg(long)]
    short: bool,
    /// Writes to a log until it is killed; how the torture calls itself
    #[arg(long, hide = true)]
    child: Option<std::path::PathBuf>,
    /// The bug that the child has
    #[arg(long, hide = true)]
    bug: bool,
}

/// How long each part may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) seed: u64,
    pub(crate) whole: Duration,
}

impl Budget {
    /// So many hundredths of the whole.
    pub(crate) fn share(self, hundredths: u32) -> Duration {
        self.whole * hundredths / 100
    }
}

/// Goes through all parts, or is the child that one of them kills.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let Some(folder) = arguments.child {
        return kill::child(&folder, arguments.seed, arguments.bug).map(|()| ExitCode::SUCCESS);
    }
    let whole = if arguments.short {
        Duration::from_secs(45)
    } else {
        Duration::from_secs(60 * arguments.minutes)
    };
    let budget = Budget { seed: arguments.seed, whole };
    let mut report = Report::begin(arguments.seed)?;
    simulated::run(budget, &mut report)?;
    rot::run(budget, &mut report)?;
    kill::run(budget, &mut report)?;
    power::run(budget, &mut report)?;
    planted::run(budget, &mut report)?;
    postgres::run(budget, &mut report)?;
    report.end()
}
