//! A page of documents along the keys or along an index.
//!
//! The statement's text depends only on the shape of the question, so that it is prepared once;
//! the span and the place to begin after are bound. Whichever of the two bounds lies further in
//! is the one that counts, so both are always given.

use ondol_views::{Direction, Document, Place, Scan, ValueSpan};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use crate::convert;

pub(crate) fn page(
    connection: &Connection,
    table: i64,
    scan: &Scan,
) -> rusqlite::Result<Vec<(Place, Document)>> {
    let (text, bound) = match scan.index {
        None => by_key(table, scan),
        Some(index) => by_index(table, index, scan),
    };
    let place = |row: &Row<'_>| {
        let document = convert::document(row)?;
        let value = if scan.index.is_some() { row.get(5)? } else { Vec::new() };
        Ok((Place { value, key: document.key.as_str().to_owned() }, document))
    };
    connection.prepare_cached(&text)?.query_map(params_from_iter(bound), place)?.collect()
}

pub(crate) fn count(
    connection: &Connection,
    table: i64,
    index: Option<u16>,
    span: &ValueSpan,
    most: usize,
) -> rusqlite::Result<usize> {
    let scan = Scan {
        index,
        span: span.clone(),
        direction: Direction::Ascending,
        limit: most,
        after: None,
    };
    let (from, bound) = match index {
        None => keys_where(table, &scan),
        Some(index) => entries_where(table, index, &scan),
    };
    let text = format!("SELECT count(*) FROM (SELECT 1 {from} LIMIT {})", most.saturating_add(1));
    let counted: i64 =
        connection.prepare(&text)?.query_row(params_from_iter(bound), |row| row.get(0))?;
    Ok(usize::try_from(counted).unwrap_or(usize::MAX))
}

const fn order(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Ascending => (">", "ASC"),
        Direction::Descending => ("<", "DESC"),
    }
}

fn limit(scan: &Scan) -> i64 {
    i64::try_from(scan.limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn by_key(table: i64, scan: &Scan) -> (String, Vec<Value>) {
    let (_, order) = order(scan.direction);
    let (from, mut bound) = keys_where(table, scan);
    bound.push(limit(scan).into());
    let text = format!(
        "SELECT key, json, entries, source, position {from} ORDER BY key {order} LIMIT ?{}",
        bound.len()
    );
    (text, bound)
}

fn keys_where(table: i64, scan: &Scan) -> (String, Vec<Value>) {
    let (beyond, _) = order(scan.direction);
    // A span of keys was made of texts, so its bounds are texts.
    let text = |bytes: &[u8]| Value::Text(String::from_utf8_lossy(bytes).into_owned());
    let mut from = format!("FROM documents_{table} WHERE key >= ?1");
    let mut bound = vec![text(&scan.span.low)];
    if let Some(high) = &scan.span.high {
        bound.push(text(high));
        from.push_str(&format!(" AND key < ?{}", bound.len()));
    }
    if let Some(after) = &scan.after {
        bound.push(Value::Text(after.key.clone()));
        from.push_str(&format!(" AND key {beyond} ?{}", bound.len()));
    }
    (from, bound)
}

fn by_index(table: i64, index: u16, scan: &Scan) -> (String, Vec<Value>) {
    let (_, order) = order(scan.direction);
    let (from, mut bound) = entries_where(table, index, scan);
    bound.push(limit(scan).into());
    let text = format!(
        "SELECT d.key, d.json, d.entries, d.source, d.position, e.value
         FROM (SELECT value, key {from} ORDER BY value {order}, key {order} LIMIT ?{}) e
         JOIN documents_{table} d ON d.key = e.key
         ORDER BY e.value {order}, e.key {order}",
        bound.len()
    );
    (text, bound)
}

fn entries_where(table: i64, index: u16, scan: &Scan) -> (String, Vec<Value>) {
    let (beyond, _) = order(scan.direction);
    let mut from = format!("FROM entries_{table} WHERE place = ?1 AND value >= ?2");
    let mut bound = vec![i64::from(index).into(), Value::Blob(scan.span.low.clone())];
    if let Some(high) = &scan.span.high {
        bound.push(Value::Blob(high.clone()));
        from.push_str(&format!(" AND value < ?{}", bound.len()));
    }
    if let Some(after) = &scan.after {
        bound.push(Value::Blob(after.value.clone()));
        bound.push(Value::Text(after.key.clone()));
        let (value, key) = (bound.len() - 1, bound.len());
        from.push_str(&format!(" AND (value, key) {beyond} (?{value}, ?{key})"));
    }
    (from, bound)
}
