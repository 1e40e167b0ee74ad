//! The identity provider: `identity up` runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    identity::app().main()
}
