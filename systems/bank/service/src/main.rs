//! The bank: `bank up` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    bank::app().main()
}
