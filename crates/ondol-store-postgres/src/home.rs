//! Where a log lives, and how it is noticed that it came there from a copy.
//!
//! With the epoch, the log keeps a description of its home: the identity of the server, its
//! timeline, the database and the table. A dump that is loaded somewhere, or over the old one, a
//! recovery to a point in time and a promoted replica each make for another home. Whoever
//! connects and finds another home than the one that is written down begins a new epoch.
//!
//! A copy of the server's files that is started without a recovery looks the same from inside;
//! then, as ever, a reader that is ahead of the log is told so.

use ondol_doors::{Clock, Rng};
use ondol_store::LogEpoch;
use uuid::Uuid;

use crate::fault::{Fault, Unfit};
use crate::rows::get;
use crate::session::Session;
use crate::sql::Statement;

/// Describes the home of the log in a schema.
pub(crate) fn describe(schema: &str) -> String {
    format!(
        "(SELECT system_identifier FROM pg_control_system()) || '/' || \
         substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || \
         (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || \
         '{schema}.events'::regclass::oid"
    )
}

/// The epoch of the log, a new one if the log lives elsewhere than it did.
pub(crate) async fn epoch(
    session: &Session,
    schema: &str,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<LogEpoch, Fault> {
    let home = describe(schema);
    let ask = Statement {
        text: format!("SELECT epoch, home = {home} FROM {schema}.log WHERE id = 1"),
        types: Vec::new(),
    };
    if let (epoch, true) = stands(session, &ask).await? {
        return Ok(epoch);
    }
    let new: LogEpoch = rng.id(clock.now());
    // Whoever comes second finds the home put right and changes nothing.
    let moved = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n\
         SELECT 1 FROM {schema}.log WHERE id = 1 FOR NO KEY UPDATE;\n\
         UPDATE {schema}.log SET epoch = '{new}', home = {home} WHERE id = 1 AND home <> {home};\n\
         INSERT INTO {schema}.epochs (epoch, began_after, home) SELECT l.epoch, \
             coalesce((SELECT max(position) FROM {schema}.events), 0), l.home \
             FROM {schema}.log l WHERE l.epoch = '{new}';\n\
         COMMIT"
    );
    session.run(&moved).await?;
    Ok(stands(session, &ask).await?.0)
}

async fn stands(session: &Session, ask: &Statement) -> Result<(LogEpoch, bool), Fault> {
    let corrupt = || Unfit::Corrupt { what: "the row of the log" };
    let rows = session.query(ask, &[]).await?;
    let row = rows.first().ok_or_else(corrupt)?;
    let epoch: Uuid = get(row, 0).map_err(|_unread| corrupt())?;
    let is_home: bool = get(row, 1).map_err(|_unread| corrupt())?;
    Ok((LogEpoch::from_bytes(epoch.into_bytes()), is_home))
}
