//! `ondol log repair --cut-at`: the last resort, which loses what comes after the cut.

use std::str::FromStr;

use clap::Args;
use ondol_kernel::Position;

use super::{LogFailure, Logs, Mended, Output, Terminal, WhichLog};

/// Cuts a damaged log before the damage. What comes after the cut is lost.
#[derive(Debug, Args)]
pub(super) struct Repair {
    #[command(flatten)]
    log: WhichLog,
    /// What is cut off, with all behind it: the first position, or the damage that `verify` names
    /// by its file and byte, as "FILE at byte N" or FILE:N.
    #[arg(long, value_name = "POSITION|FILE:BYTE")]
    cut_at: CutAt,
}

/// Where a log is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CutAt {
    /// Before this position.
    Position(Position),
    /// Before what is damaged at this byte of a file.
    Byte {
        /// The file, with its folder or without.
        file: String,
        /// The byte.
        byte: u64,
    },
}

impl FromStr for CutAt {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if let Ok(position) = text.parse() {
            return match position {
                0 => Err("positions count from 1"),
                _ => Ok(Self::Position(Position::new(position))),
            };
        }
        let parts = text.rsplit_once(" at byte ").or_else(|| text.rsplit_once(':'));
        let place = parts.and_then(|(file, byte)| Some((file, byte.trim().parse().ok()?)));
        match place {
            Some((file, byte)) if !file.is_empty() => {
                Ok(Self::Byte { file: file.to_owned(), byte })
            }
            _ => Err("it is a position, or FILE:BYTE, as `ondol log verify` says it"),
        }
    }
}

impl CutAt {
    /// The first position that is cut off. A byte is one at which the log is found damaged: only
    /// there is it known what stands before.
    async fn position(&self, log: &WhichLog, logs: &dyn Logs) -> Result<Position, LogFailure> {
        let (file, byte) = match self {
            Self::Position(position) => return Ok(*position),
            Self::Byte { file, byte } => (file, byte),
        };
        let place = format!("{file} at byte {byte}");
        let is_it = |found: &str| found == place || found.ends_with(&format!("/{place}"));
        let verified = logs.verify(log.address()).await?;
        let mut findings = verified.findings.iter().filter(|found| is_it(&found.place));
        let cut_at = findings.find_map(|found| found.cut_at);
        cut_at.ok_or_else(|| LogFailure::NotDamagedThere { place })
    }
}

impl Repair {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let cut_at = self.cut_at.position(&self.log, logs).await?;
        let mended = logs.repair(self.log.address(), cut_at).await?;
        if terminal.output == Output::Json {
            return terminal.json(&mended);
        }
        let Mended { head, epoch } = mended;
        terminal.line(format_args!("the log ends at position {head} now; its new epoch is {epoch}"))
    }
}
