//! Documents, checkpoints and parked keys, as they are.

use ondol_views::{Document, DocumentKey, Parked, SourceCheckpoint, Unit, Waiting};
use rusqlite::{Connection, OptionalExtension};

use crate::convert;

pub(crate) fn documents(
    connection: &Connection,
    table: i64,
    keys: &[DocumentKey],
) -> rusqlite::Result<Vec<Option<Document>>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT key, json, entries, source, position FROM documents_{table} WHERE key = ?1"
    ))?;
    keys.iter()
        .map(|key| statement.query_row([key.as_str()], convert::document).optional())
        .collect()
}

pub(crate) fn checkpoints(
    connection: &Connection,
    table: i64,
) -> rusqlite::Result<Vec<SourceCheckpoint>> {
    connection
        .prepare_cached(
            "SELECT source, epoch, position FROM ondol_checkpoints WHERE view = ?1 ORDER BY source",
        )?
        .query_map([table], convert::checkpoint)?
        .collect()
}

pub(crate) fn parked(
    connection: &Connection,
    table: i64,
    after: Option<&Unit>,
    limit: usize,
) -> rusqlite::Result<Vec<Parked>> {
    let after = after.map(ToString::to_string).unwrap_or_default();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT unit, source, position, reason, tries, since,
                    (SELECT count(*) FROM ondol_waiting w
                     WHERE w.view = p.view AND w.unit = p.unit),
                    EXISTS (SELECT 1 FROM ondol_waiting w
                            WHERE w.view = p.view AND w.unit = p.unit AND w.and_all_after)
             FROM ondol_parked p WHERE view = ?1 AND unit > ?2 ORDER BY unit LIMIT ?3",
        )?
        .query_map((table, after, limit), convert::parked)?
        .collect()
}

pub(crate) fn waiting(
    connection: &Connection,
    table: i64,
    unit: &Unit,
) -> rusqlite::Result<Vec<Waiting>> {
    connection
        .prepare_cached(
            "SELECT source, position, and_all_after FROM ondol_waiting
             WHERE view = ?1 AND unit = ?2 ORDER BY sequence",
        )?
        .query_map((table, unit.to_string()), convert::waiting)?
        .collect()
}
