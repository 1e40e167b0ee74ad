//! The torture of the log on PostgreSQL: its connections and its server killed during COMMIT.

use crate::Budget;
use crate::report::Report;

/// Nothing is tortured here yet, and the report says so.
pub(crate) fn run(_budget: Budget, report: &mut Report) -> anyhow::Result<()> {
    report.left_out("PostgreSQL", "its torture is not part of this program")
}
