//! A page of documents along the keys or along an index.

use ondol_postgres::{Fault, Parameter, Session};
use ondol_views::{Direction, Document, Place, Scan, ValueSpan};
use tokio_postgres::types::{ToSql, Type};

use crate::convert::{self, column};

/// The conditions of a scan and what is bound in them, in order.
struct Where {
    text: String,
    bound: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Where {
    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> usize {
        self.bound.push((Box::new(value), kind));
        self.bound.len()
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { "WHERE " } else { " AND " });
        self.text.push_str(condition);
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        self.bound
            .iter()
            .map(|(value, kind)| {
                let value: &(dyn ToSql + Sync) = value.as_ref();
                (value, kind.clone())
            })
            .collect()
    }
}

pub(crate) async fn page(
    session: &Session,
    schema: &str,
    table: i64,
    scan: &Scan,
) -> Result<Vec<(Place, Document)>, Fault> {
    let mut of = conditions(scan);
    let limit = i64::try_from(scan.limit).unwrap_or(i64::MAX).saturating_add(1);
    let limit = of.bind(limit, Type::INT8);
    let order = if scan.direction == Direction::Ascending { "ASC" } else { "DESC" };
    let conditions = &of.text;
    let text = match scan.index {
        None => format!(
            "SELECT key, json, entries, source, position FROM {schema}.documents_{table}
             {conditions} ORDER BY key {order} LIMIT ${limit}"
        ),
        Some(_) => format!(
            "SELECT d.key, d.json, d.entries, d.source, d.position, e.value
             FROM (SELECT value, key FROM {schema}.entries_{table} {conditions}
                   ORDER BY value {order}, key {order} LIMIT ${limit}) e
             JOIN {schema}.documents_{table} d ON d.key = e.key
             ORDER BY e.value {order}, e.key {order}"
        ),
    };
    let rows = session.query(&text, &of.parameters()).await?;
    let found = rows.iter().map(|row| {
        let document = convert::document(row)?;
        let value = if scan.index.is_some() { column(row, 5)? } else { Vec::new() };
        Ok((Place { value, key: document.key.as_str().to_owned() }, document))
    });
    found.collect()
}

pub(crate) async fn count(
    session: &Session,
    schema: &str,
    table: i64,
    (index, span): (Option<u16>, ValueSpan),
    most: usize,
) -> Result<usize, Fault> {
    let scan = Scan { index, span, direction: Direction::Ascending, limit: most, after: None };
    let of = conditions(&scan);
    let from = if index.is_some() { "entries" } else { "documents" };
    let text = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {schema}.{from}_{table} {} LIMIT {}) counted",
        of.text,
        most.saturating_add(1)
    );
    let rows = session.query(&text, &of.parameters()).await?;
    let counted: i64 = rows.first().map_or(Ok(0), |row| column(row, 0))?;
    Ok(usize::try_from(counted).unwrap_or(usize::MAX))
}

fn conditions(scan: &Scan) -> Where {
    match scan.index {
        None => of_keys(scan),
        Some(index) => of_entries(scan, index),
    }
}

const fn beyond(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    }
}

fn of_keys(scan: &Scan) -> Where {
    let mut of = Where { text: String::new(), bound: Vec::new() };
    // A span of keys was made of texts, so its bounds are texts.
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let low = of.bind(text(&scan.span.low), Type::TEXT);
    of.and(&format!("key >= ${low}"));
    if let Some(high) = &scan.span.high {
        let high = of.bind(text(high), Type::TEXT);
        of.and(&format!("key < ${high}"));
    }
    if let Some(after) = &scan.after {
        let after = of.bind(after.key.clone(), Type::TEXT);
        of.and(&format!("key {} ${after}", beyond(scan.direction)));
    }
    of
}

fn of_entries(scan: &Scan, index: u16) -> Where {
    let mut of = Where { text: String::new(), bound: Vec::new() };
    let place = of.bind(place(index), Type::INT2);
    let low = of.bind(scan.span.low.clone(), Type::BYTEA);
    of.and(&format!("place = ${place} AND value >= ${low}"));
    if let Some(high) = &scan.span.high {
        let high = of.bind(high.clone(), Type::BYTEA);
        of.and(&format!("value < ${high}"));
    }
    if let Some(after) = &scan.after {
        let value = of.bind(after.value.clone(), Type::BYTEA);
        let key = of.bind(after.key.clone(), Type::TEXT);
        of.and(&format!("(value, key) {} (${value}, ${key})", beyond(scan.direction)));
    }
    of
}

/// The place of an index as a column holds it.
pub(super) const fn place(index: u16) -> i16 {
    index.cast_signed()
}
