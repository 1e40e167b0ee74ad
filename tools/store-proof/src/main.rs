//! `store-torture`: does everything to the event store that may happen to one, and checks that
//! nothing acknowledged is lost and nothing refused is seen.

mod history;
mod kill;
mod parts;
mod planted;
mod postgres;
mod power;
mod report;
mod rot;
mod simulated;
mod workload;

use std::process::ExitCode;

use clap::Parser;

fn main() -> anyhow::Result<ExitCode> {
    parts::run(parts::Arguments::parse())
}
