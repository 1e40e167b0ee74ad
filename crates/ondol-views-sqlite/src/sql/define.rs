//! Sets of documents come, serve and go.

use ondol_views::{DefineError, Definition, ViewId, ViewStatus};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{VIEW, find, read};
use crate::error::FromSqlite;
use crate::{convert, schema};

pub(crate) fn create(
    connection: &mut Connection,
    definition: &Definition,
) -> Result<(), DefineError> {
    in_synced(connection, |transaction| {
        if let Some(known) = find(transaction, &definition.id)? {
            return Ok(definition.must_be(&known.definition));
        }
        let indexes = serde_json::Value::from(definition.indexes.clone()).to_string();
        let id = &definition.id;
        transaction.execute(
            "INSERT INTO ondol_views (name, version, build, indexes, fold, made)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                id.name.as_str(),
                id.version,
                id.build,
                indexes,
                definition.fold.cast_signed(),
                definition.made.as_micros(),
            ),
        )?;
        schema::make_documents(transaction, transaction.last_insert_rowid())?;
        Ok(Ok(()))
    })
}

pub(crate) fn serve(
    connection: &mut Connection,
    view: &ViewId,
) -> Result<Option<ViewId>, DefineError> {
    in_synced(connection, |transaction| {
        let Some(known) = find(transaction, view)? else {
            return Ok(Err(DefineError::UnknownView { asked: view.clone() }));
        };
        let before = serving(transaction, view)?;
        transaction.execute(
            "INSERT INTO ondol_serving (name, view) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET view = excluded.view",
            (view.name.as_str(), known.table),
        )?;
        Ok(Ok(before))
    })
}

pub(crate) fn drop_view(connection: &mut Connection, view: &ViewId) -> Result<(), DefineError> {
    in_synced(connection, |transaction| {
        let Some(known) = find(transaction, view)? else {
            return Ok(Err(DefineError::UnknownView { asked: view.clone() }));
        };
        if serving(transaction, view)?.as_ref() == Some(view) {
            return Ok(Err(DefineError::Serving { view: view.clone() }));
        }
        schema::drop_documents(transaction, known.table)?;
        Ok(Ok(()))
    })
}

pub(crate) fn list(connection: &Connection) -> rusqlite::Result<Vec<ViewStatus>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {VIEW}, s.view IS NOT NULL,
                (SELECT count(*) FROM ondol_parked p WHERE p.view = v.id)
         FROM ondol_views v LEFT JOIN ondol_serving s ON s.view = v.id
         ORDER BY v.name, v.version, v.build"
    ))?;
    let rows = statement.query_map([], |row| {
        Ok(ViewStatus {
            definition: convert::definition(row)?,
            documents: row.get::<_, i64>(7)?.cast_unsigned(),
            is_serving: row.get(8)?,
            parked: row.get::<_, i64>(9)?.cast_unsigned(),
            checkpoints: read::checkpoints(connection, row.get(0)?)?,
        })
    })?;
    rows.collect()
}

fn serving(transaction: &Transaction<'_>, view: &ViewId) -> rusqlite::Result<Option<ViewId>> {
    transaction
        .query_row(
            &format!(
                "SELECT {VIEW} FROM ondol_serving s JOIN ondol_views v ON v.id = s.view
                 WHERE s.name = ?1"
            ),
            [view.name.as_str()],
            |row| Ok(convert::definition(row)?.id),
        )
        .optional()
}

/// A transaction that outlives a power cut once it is committed; what is refused is rolled back.
fn in_synced<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, DefineError>>,
) -> Result<T, DefineError> {
    let synced = |connection: &Connection, mode| {
        connection.pragma_update(None, "synchronous", mode).map_err(DefineError::from_sqlite)
    };
    synced(connection, "FULL")?;
    let outcome = in_transaction(connection, work);
    synced(connection, "NORMAL")?;
    outcome
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, DefineError>>,
) -> Result<T, DefineError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(DefineError::from_sqlite)?;
    let answer = work(&transaction).map_err(DefineError::from_sqlite)??;
    transaction.commit().map_err(DefineError::from_sqlite)?;
    Ok(answer)
}
