//! `ondol log repair --cut-at`: the last resort, which loses what comes after the cut.

use clap::Args;
use ondol_kernel::Position;

use super::{LogFailure, Logs, Mended, Output, Terminal, WhichLog};

/// Cuts a damaged log before the damage. What comes after the cut is lost.
#[derive(Debug, Args)]
pub(super) struct Repair {
    #[command(flatten)]
    log: WhichLog,
    /// The first position that is cut off, as `verify` says it.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    cut_at: u64,
}

impl Repair {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let cut_at = Position::new(self.cut_at);
        let mended = logs.repair(self.log.address(), cut_at).await?;
        if terminal.output == Output::Json {
            return terminal.json(&mended);
        }
        let Mended { head, epoch } = mended;
        terminal.line(format_args!("the log ends at position {head} now; its new epoch is {epoch}"))
    }
}
