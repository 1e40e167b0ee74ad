//! What is asked of SQLite. Each function runs in a transaction that its caller has opened.

pub(crate) mod define;
pub(crate) mod read;
pub(crate) mod scan;
pub(crate) mod write;

use ondol_views::{Definition, LoadError, Target, ViewId};
use rusqlite::{Connection, OptionalExtension};

use crate::{convert, error};

/// The columns of a set of documents, in the order of [`convert::definition`].
pub(crate) const VIEW: &str =
    "v.id, v.name, v.version, v.build, v.indexes, v.fold, v.made, v.documents";

/// A set of documents that is there: the number its tables have, and what it was made as.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) table: i64,
    pub(crate) definition: Definition,
}

/// The set of documents with this id.
pub(crate) fn find(connection: &Connection, view: &ViewId) -> rusqlite::Result<Option<Known>> {
    connection
        .prepare_cached(&format!(
            "SELECT {VIEW} FROM ondol_views v WHERE name = ?1 AND version = ?2 AND build = ?3"
        ))?
        .query_row((view.name.as_str(), view.version, view.build), known)
        .optional()
}

/// The set of documents that is asked for.
pub(crate) fn resolve(connection: &Connection, target: &Target) -> Result<Known, LoadError> {
    let found = match target {
        Target::Exactly(view) => find(connection, view),
        Target::Serving(name) => connection
            .prepare_cached(&format!(
                "SELECT {VIEW} FROM ondol_serving s JOIN ondol_views v ON v.id = s.view
                 WHERE s.name = ?1"
            ))
            .and_then(|mut statement| statement.query_row([name.as_str()], known).optional()),
    };
    found
        .map_err(|error| error::load_error(target, error))?
        .ok_or_else(|| LoadError::UnknownView { asked: target.clone() })
}

fn known(row: &rusqlite::Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known { table: row.get(0)?, definition: convert::definition(row)? })
}
