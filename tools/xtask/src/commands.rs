//! What can be asked for, as the command line sees it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{bench, docs, test, torture, up};

/// The commands of the house
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
pub(crate) struct Commands {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the product for release and run it
    Up(Up),
    /// Everything that must hold before a change is merged; installs what the tests need
    Test(Test),
    /// Measure, and compare with the bars in bars.toml
    Bench(Bench),
    /// Hurt the house for a while: crashes, power cuts, failing disks
    Torture(Torture),
    /// Build the documentation and check it
    Docs,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Handed to the product
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Test {
    /// Run only this step; may be given more than once
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// List the steps and their commands
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Bench {
    /// The bench to run; all of them without a name
    pub(crate) name: Option<String>,
    /// Run only the cases whose name contains this, and what they are compared with
    #[arg(long, value_name = "PART")]
    pub(crate) case: Option<String>,
    /// Write one JSON object per figure to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Print each figure beside its bar, and fail when one falls short or was not measured
    #[arg(long, conflicts_with_all = ["case", "quick"])]
    pub(crate) check: bool,
    /// One small run of each case, to see that it works; proves nothing
    #[arg(long)]
    pub(crate) quick: bool,
    /// List the benches
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Torture {
    /// The torture to run; all of them without a name
    pub(crate) name: Option<String>,
    /// How long each goes on
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) minutes: u64,
    /// The seed of the run; a fresh one, which is printed, without it
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// As short as it can be and still mean something, as in the tests
    #[arg(long, conflicts_with = "minutes")]
    pub(crate) short: bool,
    /// List the tortures
    #[arg(long)]
    pub(crate) list: bool,
}

impl Commands {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Up(up) => up::run(&up),
            Command::Test(test) => test::run(&test),
            Command::Bench(bench) => bench::run(&bench),
            Command::Torture(torture) => torture::run(&torture),
            Command::Docs => docs::run(),
        }
    }
}

#[cfg(test)]
mod tests;
