//! What came of a commit whose answer was never heard.
//!
//! A new connection takes the lock of the log. The old transaction holds it until it is over, so
//! whoever has the lock knows that it is; then the record of the group is there or it is not, and
//! will never be. No guess, and no time limit but our own patience.

use std::time::Duration;

use uuid::Uuid;

use super::plan::Group;
use super::{Connection, Writer};
use crate::fault::{Fault, Unfit};
use crate::rows::{get, to_server};

/// The first and the longest pause between tries.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// What came of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was committed.
    Committed,
    /// It was not, and will not be.
    NeverWas,
}

impl Writer {
    /// Finds out what came of a group, as long as there is patience.
    pub(super) async fn settle(&mut self, group: &Group) -> Result<Settled, Fault> {
        let patience = self.clock.running() + self.options.settle_timeout();
        let mut pause = PAUSE_MIN;
        loop {
            let fault = match self.look_for(group).await {
                Ok(settled) => return Ok(settled),
                Err(fault) => fault,
            };
            if matches!(fault, Fault::Unfit(_) | Fault::Forgotten)
                || self.clock.running() >= patience
            {
                return Err(fault);
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn look_for(&mut self, group: &Group) -> Result<Settled, Fault> {
        let (options, sql) = (&self.options, &self.sql);
        let connection = Connection::open(options, sql, &self.clock, &*self.rng).await?;
        let first = to_server(group.first.get());
        connection.session.run(&connection.lock).await?;
        let rows = connection.session.query(&sql.group, &[&first]).await?;
        connection.session.run("ROLLBACK").await?;
        let corrupt = || Unfit::Corrupt { what: "the table of groups" };
        let row = rows.first().ok_or_else(corrupt)?;
        let found: Option<Uuid> = get(row, 0).map_err(|_unread| corrupt())?;
        let oldest: Option<i64> = get(row, 1).map_err(|_unread| corrupt())?;
        if found == Some(group.id) {
            self.connection = Some(connection);
            return Ok(Settled::Committed);
        }
        if found.is_none() && oldest.is_some_and(|oldest| oldest > first) {
            // So many groups have come since that this one's record may have been forgotten.
            return Err(Fault::Forgotten);
        }
        self.connection = Some(connection);
        Ok(Settled::NeverWas)
    }
}
