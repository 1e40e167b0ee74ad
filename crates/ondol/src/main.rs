//! `ondol`: the command line of the house.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ondol::{Engines, LogCommand, Terminal};

/// The warm floor under event-driven services.
#[derive(Debug, Parser)]
#[command(name = "ondol", version)]
struct Command {
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Looks at logs, checks, mends, copies, exports and imports them.
    Log(LogCommand),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Noun::Log(command) = Command::parse().noun;
    let output = command.output();
    let mut out = io::BufWriter::new(io::stdout());
    let shows_progress = io::stderr().is_terminal();
    let mut terminal = Terminal { out: &mut out, output, shows_progress };
    match command.run(&Engines::of_machine(), &mut terminal).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) if failure.is_closed_pipe() => Ok(ExitCode::SUCCESS),
        Err(failure) => {
            failure.tell(&mut io::stderr(), output)?;
            Ok(ExitCode::FAILURE)
        }
    }
}
