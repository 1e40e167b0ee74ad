//! Documents, checkpoints and parked keys, as they are.

use std::collections::HashMap;

use ondol_postgres::{Fault, Session};
use ondol_views::{Document, DocumentKey, Parked, SourceCheckpoint, Unit, Waiting};
use tokio_postgres::types::Type;

use crate::convert;

/// Keys that are asked for with one statement.
const KEYS_MAX: usize = 5_000;

pub(crate) async fn documents(
    session: &Session,
    schema: &str,
    table: i64,
    keys: &[DocumentKey],
) -> Result<Vec<Option<Document>>, Fault> {
    let text = format!(
        "SELECT key, json, entries, source, position FROM {schema}.documents_{table}
         WHERE key = ANY($1)"
    );
    let mut found = HashMap::new();
    for some in keys.chunks(KEYS_MAX) {
        let names: Vec<&str> = some.iter().map(DocumentKey::as_str).collect();
        for row in session.query(&text, &[(&names, Type::TEXT_ARRAY)]).await? {
            let document = convert::document(&row)?;
            found.insert(document.key.clone(), document);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

pub(crate) async fn checkpoints(
    session: &Session,
    schema: &str,
    table: i64,
) -> Result<Vec<SourceCheckpoint>, Fault> {
    let text = format!(
        "SELECT source, epoch, position FROM {schema}.ondol_checkpoints
         WHERE view = $1 ORDER BY source"
    );
    let rows = session.query(&text, &[(&table, Type::INT8)]).await?;
    rows.iter().map(convert::checkpoint).collect()
}

pub(crate) async fn parked(
    session: &Session,
    schema: &str,
    table: i64,
    after: Option<&Unit>,
    limit: usize,
) -> Result<Vec<Parked>, Fault> {
    let text = format!(
        "SELECT p.unit, p.source, p.position, p.reason, p.tries, p.since,
                (SELECT count(*) FROM {schema}.ondol_waiting w
                 WHERE w.view = p.view AND w.unit = p.unit),
                EXISTS (SELECT 1 FROM {schema}.ondol_waiting w
                        WHERE w.view = p.view AND w.unit = p.unit AND w.and_all_after)
         FROM {schema}.ondol_parked p WHERE p.view = $1 AND p.unit > $2
         ORDER BY p.unit LIMIT $3"
    );
    let after = after.map(ToString::to_string).unwrap_or_default();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = session
        .query(&text, &[(&table, Type::INT8), (&after, Type::TEXT), (&limit, Type::INT8)])
        .await?;
    rows.iter().map(convert::parked).collect()
}

pub(crate) async fn waiting(
    session: &Session,
    schema: &str,
    table: i64,
    unit: &Unit,
) -> Result<Vec<Waiting>, Fault> {
    let text = format!(
        "SELECT source, position, and_all_after FROM {schema}.ondol_waiting
         WHERE view = $1 AND unit = $2 ORDER BY sequence"
    );
    let unit = unit.to_string();
    let rows = session.query(&text, &[(&table, Type::INT8), (&unit, Type::TEXT)]).await?;
    rows.iter().map(convert::waiting).collect()
}
