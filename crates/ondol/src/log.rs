//! `ondol log …`: the verbs, their arguments, and where each is done.

mod address;
mod copy;
mod export;
mod failure;
mod follow;
mod import;
mod logs;
mod names;
mod pieces;
mod print;
mod progress;
mod repair;
mod show;
mod stats;
mod tail;
mod terminal;
mod verify;

use clap::{Args, Subcommand};

pub use self::address::{LogAddress, LogAddressError};
pub use self::failure::LogFailure;
pub use self::logs::{Finding, Logs, Mended, OpenFailure, Purpose, Verified};
pub use self::terminal::{Output, Terminal};

/// Looks at logs, checks, mends, copies, exports and imports them.
#[derive(Debug, Args)]
pub struct LogCommand {
    /// How answers are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows the end of the log, or what comes after a position.
    Tail(tail::Tail),
    /// Shows one stream.
    Show(show::Show),
    /// Counts what the log holds.
    Stats(stats::Stats),
    /// Reads everything and checks that it is what was written.
    Verify(verify::Verify),
    /// Cuts a damaged log before the damage. What comes after the cut is lost.
    Repair(repair::Repair),
    /// Copies a log to another place, positions, outcomes and all; goes on where it stopped.
    Copy(copy::Copy),
    /// Writes the log as CloudEvents, one a line.
    Export(export::Export),
    /// Takes over what `export` has written; goes on where it stopped.
    Import(import::Import),
}

/// Which log is meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhichLog {
    /// The log: disk:PATH, a path, or postgres://user@host/database?schema=name.
    #[arg(long = "log", value_name = "LOG", env = "ONDOL_LOG", hide_env_values = true)]
    address: Option<LogAddress>,
    /// A file that holds the log's address, for an address that is a secret.
    #[arg(long = "log-file", value_name = "FILE", env = "ONDOL_LOG_FILE", value_parser = address::of_file)]
    address_file: Option<LogAddress>,
}

impl WhichLog {
    fn address(&self) -> &LogAddress {
        let named = self.address.as_ref().or(self.address_file.as_ref());
        named.expect("the arguments are checked to name one of the two")
    }
}

impl LogCommand {
    /// How answers are to be written.
    pub const fn output(&self) -> Output {
        self.output
    }

    /// Does what is asked for.
    ///
    /// # Errors
    /// When it could not be done; what was done until then is safe.
    pub async fn run(self, logs: &dyn Logs, terminal: &mut Terminal<'_>) -> Result<(), LogFailure> {
        let done = match self.verb {
            Verb::Tail(tail) => tail.run(logs, terminal).await,
            Verb::Show(show) => show.run(logs, terminal).await,
            Verb::Stats(stats) => stats.run(logs, terminal).await,
            Verb::Verify(verify) => verify.run(logs, terminal).await,
            Verb::Repair(repair) => repair.run(logs, terminal).await,
            Verb::Copy(copy) => copy.run(logs, terminal).await,
            Verb::Export(export) => export.run(logs, terminal).await,
            Verb::Import(import) => import.run(logs, terminal).await,
        };
        terminal.flush()?;
        done
    }
}
