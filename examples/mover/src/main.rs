//! The mover: `mover up` runs it. `MOVER_VERSION` says which version of its saga it has, as
//! deployments bring them one after the other.

use std::process::ExitCode;

fn main() -> ExitCode {
    let version = std::env::var("MOVER_VERSION").ok().and_then(|text| text.parse().ok());
    mover::app(version.unwrap_or(1)).main()
}
