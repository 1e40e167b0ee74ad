//! `ondol log repair --cut-at`: the last resort, which loses what comes after the cut.

use clap::Args;

use super::{LogFailure, Logs, Output, Terminal, WhichLog};

/// Cuts a damaged log before the damage. What comes after the cut is lost.
#[derive(Debug, Args)]
pub(super) struct Repair {
    #[command(flatten)]
    log: WhichLog,
    /// The first position that is cut off, as `verify` says it.
    #[arg(long, value_name = "POSITION")]
    cut_at: u64,
}

impl Repair {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let head = logs.repair(self.log.address(), self.cut_at).await?;
        match terminal.output {
            Output::Table => terminal.line(format_args!("the log ends at position {head} now")),
            Output::Json => terminal.json(&serde_json::json!({ "head": head })),
        }
    }
}
