//! The gateway as a program of its own.

mod cli;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Err(error) = cli::main() else { return ExitCode::SUCCESS };
    // When even this cannot be written, the exit code still says it.
    drop(writeln!(std::io::stderr(), "{error:#}"));
    ExitCode::FAILURE
}
