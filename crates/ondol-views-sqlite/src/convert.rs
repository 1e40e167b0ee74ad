//! Rows as what they stand for.

use ondol_kernel::{CausationId, CommandId, Position, Timestamp};
use ondol_store::LogEpoch;
use ondol_views::{
    Checkpoint, Definition, Document, KeptRefusal, LastEvent, Parked, SourceCheckpoint, SourceName,
    Unit, ViewId, Waiting, unpack,
};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};

/// A column that has been read but is not what was written.
fn damaged(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

fn text<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let found = row.get_ref(column)?.as_str()?;
    found.parse().map_err(|error| damaged(column, Type::Text, error))
}

fn position(row: &Row<'_>, column: usize) -> Result<Position> {
    Ok(Position::new(row.get::<_, i64>(column)?.cast_unsigned()))
}

/// Number, name, version, build, indexes, fold, made, documents: see [`crate::sql::VIEW`].
pub(crate) fn definition(row: &Row<'_>) -> Result<Definition> {
    let indexes = serde_json::from_str(row.get_ref(4)?.as_str()?)
        .map_err(|error| damaged(4, Type::Text, error))?;
    let made =
        Timestamp::from_micros(row.get(6)?).map_err(|error| damaged(6, Type::Integer, error))?;
    let id = ViewId { name: text(row, 1)?, version: row.get(2)?, build: row.get(3)? };
    Ok(Definition { id, indexes, fold: row.get::<_, i64>(5)?.cast_unsigned(), made })
}

/// Key, json, entries, source, position.
pub(crate) fn document(row: &Row<'_>) -> Result<Document> {
    let entries =
        unpack(row.get_ref(2)?.as_blob()?).map_err(|error| damaged(2, Type::Blob, error))?;
    let last = LastEvent { source: text(row, 3)?, position: position(row, 4)? };
    Ok(Document { key: text(row, 0)?, json: row.get(1)?, entries, last })
}

/// Source, epoch, position.
pub(crate) fn checkpoint(row: &Row<'_>) -> Result<SourceCheckpoint> {
    let epoch: [u8; 16] = row.get(1)?;
    let checkpoint = Checkpoint { epoch: LogEpoch::from_bytes(epoch), position: position(row, 2)? };
    Ok(SourceCheckpoint { source: text::<SourceName>(row, 0)?, checkpoint })
}

/// Unit, source, position, reason, tries, since, how many wait, whether more do.
pub(crate) fn parked(row: &Row<'_>) -> Result<Parked> {
    let since =
        Timestamp::from_micros(row.get(5)?).map_err(|error| damaged(5, Type::Integer, error))?;
    Ok(Parked {
        unit: text::<Unit>(row, 0)?,
        source: text(row, 1)?,
        position: position(row, 2)?,
        reason: row.get(3)?,
        tries: row.get(4)?,
        since,
        waiting: row.get::<_, i64>(6)?.cast_unsigned(),
        is_open: row.get(7)?,
    })
}

/// Source, position, whether all after it wait as well.
pub(crate) fn waiting(row: &Row<'_>) -> Result<Waiting> {
    Ok(Waiting { source: text(row, 0)?, position: position(row, 1)?, and_all_after: row.get(2)? })
}

/// Command, stream, causation, refusal, which, position, when it was kept.
pub(crate) fn refusal(row: &Row<'_>) -> Result<KeptRefusal> {
    let kept_at =
        Timestamp::from_micros(row.get(6)?).map_err(|error| damaged(6, Type::Integer, error))?;
    Ok(KeptRefusal {
        command: CommandId::from_bytes(row.get(0)?),
        stream: text(row, 1)?,
        causation: row.get::<_, Option<[u8; 16]>>(2)?.map(CausationId::from_bytes),
        refusal: row.get(3)?,
        which: row.get(4)?,
        position: position(row, 5)?,
        kept_at,
    })
}
