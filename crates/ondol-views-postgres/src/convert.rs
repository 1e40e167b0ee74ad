//! Rows as what they stand for.

use ondol_kernel::{Position, Timestamp};
use ondol_postgres::Fault;
use ondol_store::LogEpoch;
use ondol_views::{
    Checkpoint, Definition, Document, LastEvent, Parked, SourceCheckpoint, ViewId, Waiting, unpack,
};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Damaged(Box::new(error))
}

pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, Fault> {
    row.try_get(at).map_err(damaged)
}

fn text<T>(row: &Row, at: usize) -> Result<T, Fault>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    column::<&str>(row, at)?.parse().map_err(damaged)
}

fn position(row: &Row, at: usize) -> Result<Position, Fault> {
    Ok(Position::new(column::<i64>(row, at)?.cast_unsigned()))
}

fn number(row: &Row, at: usize) -> Result<u32, Fault> {
    u32::try_from(column::<i64>(row, at)?).map_err(damaged)
}

fn time(row: &Row, at: usize) -> Result<Timestamp, Fault> {
    Timestamp::from_micros(column(row, at)?).map_err(damaged)
}

/// Number, name, version, build, indexes, fold, made: see [`crate::sql::VIEW`].
pub(crate) fn definition(row: &Row) -> Result<Definition, Fault> {
    let indexes = serde_json::from_str(column(row, 4)?).map_err(damaged)?;
    let id = ViewId { name: text(row, 1)?, version: number(row, 2)?, build: number(row, 3)? };
    let fold = column::<i64>(row, 5)?.cast_unsigned();
    Ok(Definition { id, indexes, fold, made: time(row, 6)? })
}

/// Key, json, entries, source, position.
pub(crate) fn document(row: &Row) -> Result<Document, Fault> {
    let entries = unpack(column(row, 2)?).map_err(damaged)?;
    let last = LastEvent { source: text(row, 3)?, position: position(row, 4)? };
    Ok(Document { key: text(row, 0)?, json: column(row, 1)?, entries, last })
}

/// Source, epoch, position.
pub(crate) fn checkpoint(row: &Row) -> Result<SourceCheckpoint, Fault> {
    let epoch: [u8; 16] = column::<&[u8]>(row, 1)?.try_into().map_err(damaged)?;
    let checkpoint = Checkpoint { epoch: LogEpoch::from_bytes(epoch), position: position(row, 2)? };
    Ok(SourceCheckpoint { source: text(row, 0)?, checkpoint })
}

/// Unit, source, position, reason, tries, since, how many wait, whether more do.
pub(crate) fn parked(row: &Row) -> Result<Parked, Fault> {
    Ok(Parked {
        unit: text(row, 0)?,
        source: text(row, 1)?,
        position: position(row, 2)?,
        reason: column(row, 3)?,
        tries: number(row, 4)?,
        since: time(row, 5)?,
        waiting: column::<i64>(row, 6)?.cast_unsigned(),
        is_open: column(row, 7)?,
    })
}

/// Source, position, whether all after it wait as well.
pub(crate) fn waiting(row: &Row) -> Result<Waiting, Fault> {
    let and_all_after = column(row, 2)?;
    Ok(Waiting { source: text(row, 0)?, position: position(row, 1)?, and_all_after })
}
