//! Answers as tables for people, or as JSON for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::Output;

/// Writes rows under a head, the columns in line; or the value as one line of JSON.
pub(super) fn write<const COLUMNS: usize>(
    output: Output,
    value: &impl Serialize,
    head: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if output == Output::Json {
        serde_json::to_writer(&mut out, value)?;
        return writeln!(out);
    }
    let widths: [usize; COLUMNS] = std::array::from_fn(|at| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([head[at].chars().count()]).max().unwrap_or_default()
    });
    let head = head.map(str::to_owned);
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
