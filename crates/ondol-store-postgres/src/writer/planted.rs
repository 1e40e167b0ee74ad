//! Mistakes that the torture has to catch. None of this is built unless it is asked for.

use ondol_kernel::Position;

use super::known::Known;
use super::{Connection, Writer};
use crate::PlantedBug;
use crate::fault::{Fault, Unfit};
use crate::rows::number;
use crate::sql::Statement;

impl Writer {
    /// How a transaction begins. Where positions come from a sequence nobody needs the lock.
    pub(super) fn planted_lock(&self, connection: &Connection) -> String {
        match self.options.planted {
            Some(PlantedBug::SequencePositions) => {
                connection.lock.replace(" FOR NO KEY UPDATE", "")
            }
            Some(PlantedBug::LostMeansFailed) | None => connection.lock.clone(),
        }
    }

    /// Draws the next position from a sequence: it is ours whether we commit, and when.
    pub(super) async fn planted_position(
        &mut self,
        connection: &Connection,
        known: &mut Known,
    ) -> Result<bool, Fault> {
        if self.options.planted != Some(PlantedBug::SequencePositions) {
            return Ok(false);
        }
        let schema = &self.options.schema;
        let text = format!("SELECT nextval('{schema}.planted') - 1");
        let draw = Statement { text, types: Vec::new() };
        let rows = connection.session.query(&draw, &[]).await?;
        let corrupt = Unfit::Corrupt { what: "the planted sequence" };
        let before = rows.first().and_then(|row| number(row, 0).ok()).ok_or(corrupt)?;
        known.head = Position::new(before);
        self.remembered.forget();
        Ok(true)
    }

    /// Whether a commit whose answer was lost is taken for one that failed.
    pub(super) fn planted_guess(&self) -> bool {
        self.options.planted == Some(PlantedBug::LostMeansFailed)
    }
}
