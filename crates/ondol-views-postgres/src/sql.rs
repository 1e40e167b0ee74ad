//! What is asked of PostgreSQL. Each function runs in a transaction that its caller has opened.

pub(crate) mod define;
pub(crate) mod read;
pub(crate) mod scan;
pub(crate) mod write;

use ondol_postgres::{Fault, Session};
use ondol_views::{Definition, LoadError, Target, ViewId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::convert::{column, definition};
use crate::error::load_error;

/// The columns of a set of documents, in the order of [`definition`].
pub(crate) const VIEW: &str = "v.id, v.name, v.version, v.build, v.indexes, v.fold, v.made";

/// A set of documents that is there: the number its tables have, and what it was made as.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) table: i64,
    pub(crate) definition: Definition,
}

/// The set of documents with this id. A writer locks it against other writers.
pub(crate) async fn find(
    session: &Session,
    schema: &str,
    view: &ViewId,
    locks: bool,
) -> Result<Option<Known>, Fault> {
    let lock = if locks { "FOR UPDATE" } else { "" };
    let text = format!(
        "SELECT {VIEW} FROM {schema}.ondol_views v
         WHERE name = $1 AND version = $2 AND build = $3 {lock}"
    );
    let (version, build) = (i64::from(view.version), i64::from(view.build));
    let rows = session
        .query(
            &text,
            &[(&view.name.as_str(), Type::TEXT), (&version, Type::INT8), (&build, Type::INT8)],
        )
        .await?;
    rows.first().map(known).transpose()
}

/// The set of documents that is asked for.
pub(crate) async fn resolve(
    session: &Session,
    schema: &str,
    target: &Target,
) -> Result<Known, LoadError> {
    let found = match target {
        Target::Exactly(view) => find(session, schema, view, false).await,
        Target::Serving(name) => serving(session, schema, name.as_str()).await,
    };
    found
        .map_err(|fault| load_error(target, fault))?
        .ok_or_else(|| LoadError::UnknownView { asked: target.clone() })
}

/// The set of documents that answers for a view.
pub(crate) async fn serving(
    session: &Session,
    schema: &str,
    name: &str,
) -> Result<Option<Known>, Fault> {
    let text = format!(
        "SELECT {VIEW} FROM {schema}.ondol_serving s
         JOIN {schema}.ondol_views v ON v.id = s.view WHERE s.name = $1"
    );
    let rows = session.query(&text, &[(&name, Type::TEXT)]).await?;
    rows.first().map(known).transpose()
}

fn known(row: &Row) -> Result<Known, Fault> {
    Ok(Known { table: column(row, 0)?, definition: definition(row)? })
}
