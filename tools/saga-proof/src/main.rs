//! `saga-torture`: random sagas with everything going wrong at random, and a check that each ends
//! and that what each has done adds up.

mod chaos;
mod random;
mod round;

use std::process::ExitCode;

use clap::Parser;

fn main() -> anyhow::Result<ExitCode> {
    round::run(&round::Arguments::parse())
}
