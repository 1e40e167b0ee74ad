//! `superapp up` runs everything; see `superapp --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    superapp::app().main()
}
