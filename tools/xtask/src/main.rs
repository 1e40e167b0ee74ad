//! The commands of the house: `cargo xtask up`, `test`, `bench`, `torture`, `docs`.
//!
//! Everything that is done to this workspace is done here, in Rust, the same on a developer's machine
//! and in CI. It is compiled before anything else can happen, so it depends on little.
//!
//! Limits: it drives `cargo`, and the system's package manager where that is Debian's; it knows nothing
//! of the crates it drives but what their `Cargo.toml` says under `[package.metadata.ondol]`.

mod bench;
mod cargo;
mod commands;
mod docs;
mod needs;
mod programs;
mod say;
mod steps;
mod test;
mod torture;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Commands;

fn main() -> ExitCode {
    match Commands::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
