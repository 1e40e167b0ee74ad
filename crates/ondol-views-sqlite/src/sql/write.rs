//! One write: documents, parked keys and checkpoints in one transaction.

use ondol_views::{
    Advance, Change, Checkpoint, Document, DocumentKey, Entry, Faults, Parking, Step, Waiting,
    Write, WriteError, checkpoint_of, pack,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Known, find, read};
use crate::ProjectError;
use crate::error::FromSqlite;

/// Makes a write and, in the same transaction, whatever else is to be done.
pub(crate) fn write<T>(
    connection: &mut Connection,
    write: Write,
    faults: &dyn Faults,
    also: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, ProjectError> {
    let sync = |connection: &Connection, mode| {
        connection.pragma_update(None, "synchronous", mode).map_err(WriteError::from_sqlite)
    };
    if !write.is_decision {
        return in_transaction(connection, write, faults, also);
    }
    sync(connection, "FULL")?;
    let outcome = in_transaction(connection, write, faults, also);
    sync(connection, "NORMAL")?;
    outcome
}

fn in_transaction<T>(
    connection: &mut Connection,
    write: Write,
    faults: &dyn Faults,
    also: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, ProjectError> {
    let fault = |step| faults.at(step).map_err(WriteError::Unavailable);
    let failed = WriteError::from_sqlite;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(WriteError::from_sqlite)?;
    let known = find(&transaction, &write.view).map_err(failed)?;
    let known = known.ok_or_else(|| WriteError::UnknownView { asked: write.view.clone() })?;
    check(&transaction, &known, &write.advances)?;
    fault(Step::Begun)?;
    change(&transaction, known.table, write.changes).map_err(failed)?;
    park(&transaction, known.table, write.parking).map_err(failed)?;
    let answer = also(&transaction).map_err(ProjectError::Statement)?;
    fault(Step::BeforeCheckpoints)?;
    advance(&transaction, known.table, write.advances).map_err(failed)?;
    fault(Step::BeforeCommit)?;
    transaction.commit().map_err(|error| WriteError::Unknown(error.into()))?;
    faults.at(Step::AfterCommit).map_err(WriteError::Unknown)?;
    Ok(answer)
}

fn check(
    transaction: &Transaction<'_>,
    known: &Known,
    advances: &[Advance],
) -> Result<(), WriteError> {
    let all = read::checkpoints(transaction, known.table).map_err(WriteError::from_sqlite)?;
    for advance in advances {
        let found = checkpoint_of(&all, &advance.source);
        if found != advance.from {
            let (log, expected) = (advance.source.clone(), advance.from);
            return Err(WriteError::Conflict { log, expected, found });
        }
    }
    Ok(())
}

/// Changes documents and entries, each in the order of its table: pages are touched once.
fn change(
    transaction: &Transaction<'_>,
    table: i64,
    mut changes: Vec<Change>,
) -> rusqlite::Result<()> {
    changes.sort_unstable_by(|one, two| one.key().cmp(two.key()));
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    let mut more = 0_i64;
    let mut put = transaction.prepare_cached(&format!(
        "INSERT INTO documents_{table} (key, json, entries, source, position)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET json = excluded.json, entries = excluded.entries,
             source = excluded.source, position = excluded.position"
    ))?;
    let mut remove =
        transaction.prepare_cached(&format!("DELETE FROM documents_{table} WHERE key = ?1"))?;
    for change in &changes {
        match change {
            Change::Put { document, is_new, gone: had, fresh: has } => {
                put_document(&mut put, document)?;
                more += i64::from(*is_new);
                gone.extend(had.iter().map(|entry| (entry, &document.key)));
                fresh.extend(has.iter().map(|entry| (entry, &document.key)));
            }
            Change::Remove { key, gone: had } => {
                let removed = remove.execute([key.as_str()])?;
                more -= i64::try_from(removed).unwrap_or(0);
                gone.extend(had.iter().map(|entry| (entry, key)));
            }
        }
    }
    change_entries(transaction, table, gone, fresh)?;
    if more != 0 {
        let count = "UPDATE ondol_views SET documents = documents + ?2 WHERE id = ?1";
        transaction.prepare_cached(count)?.execute((table, more))?;
    }
    Ok(())
}

fn put_document(
    put: &mut rusqlite::CachedStatement<'_>,
    document: &Document,
) -> rusqlite::Result<()> {
    put.execute((
        document.key.as_str(),
        &document.json,
        pack(&document.entries),
        document.last.source.as_str(),
        document.last.position.get().cast_signed(),
    ))?;
    Ok(())
}

fn change_entries(
    transaction: &Transaction<'_>,
    table: i64,
    mut gone: Vec<(&Entry, &DocumentKey)>,
    mut fresh: Vec<(&Entry, &DocumentKey)>,
) -> rusqlite::Result<()> {
    gone.sort_unstable();
    fresh.sort_unstable();
    let mut remove = transaction.prepare_cached(&format!(
        "DELETE FROM entries_{table} WHERE place = ?1 AND value = ?2 AND key = ?3"
    ))?;
    for (entry, key) in gone {
        remove.execute((entry.index, &entry.value, key.as_str()))?;
    }
    let mut put = transaction.prepare_cached(&format!(
        "INSERT OR IGNORE INTO entries_{table} (place, value, key) VALUES (?1, ?2, ?3)"
    ))?;
    for (entry, key) in fresh {
        put.execute((entry.index, &entry.value, key.as_str()))?;
    }
    Ok(())
}

fn advance(
    transaction: &Transaction<'_>,
    table: i64,
    advances: Vec<Advance>,
) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached(
        "INSERT INTO ondol_checkpoints (view, source, epoch, position) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (view, source) DO UPDATE
             SET epoch = excluded.epoch, position = excluded.position",
    )?;
    for Advance { source, to: Checkpoint { epoch, position }, .. } in advances {
        put.execute((table, source.as_str(), epoch.into_bytes(), position.get().cast_signed()))?;
    }
    Ok(())
}

fn park(transaction: &Transaction<'_>, table: i64, parking: Vec<Parking>) -> rusqlite::Result<()> {
    parking.into_iter().try_for_each(|one| park_one(transaction, table, one))
}

fn park_one(transaction: &Transaction<'_>, table: i64, one: Parking) -> rusqlite::Result<()> {
    match one {
        Parking::Park(parked) => {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO ondol_parked
                         (view, unit, source, position, reason, tries, since)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    table,
                    parked.unit.to_string(),
                    parked.source.as_str(),
                    parked.position.get().cast_signed(),
                    parked.reason,
                    parked.tries,
                    parked.since.as_micros(),
                ))?;
        }
        Parking::Wait { unit, waiting } => wait(transaction, table, &unit.to_string(), &waiting)?,
        Parking::Dealt { unit, count } => {
            let text = "DELETE FROM ondol_waiting WHERE view = ?1 AND unit = ?2 AND sequence IN
                 (SELECT sequence FROM ondol_waiting WHERE view = ?1 AND unit = ?2
                  ORDER BY sequence LIMIT ?3)";
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            transaction.prepare_cached(text)?.execute((table, unit.to_string(), count))?;
        }
        Parking::Release(unit) => {
            for of in ["ondol_waiting", "ondol_parked"] {
                let text = format!("DELETE FROM {of} WHERE view = ?1 AND unit = ?2");
                transaction.prepare_cached(&text)?.execute((table, unit.to_string()))?;
            }
        }
    }
    Ok(())
}

fn wait(
    transaction: &Transaction<'_>,
    table: i64,
    unit: &str,
    waiting: &Waiting,
) -> rusqlite::Result<()> {
    let text = "INSERT INTO ondol_waiting (view, unit, sequence, source, position, and_all_after)
         SELECT view, unit,
                (SELECT coalesce(max(sequence), 0) + 1 FROM ondol_waiting
                 WHERE view = ?1 AND unit = ?2),
                ?3, ?4, ?5
         FROM ondol_parked WHERE view = ?1 AND unit = ?2";
    let position = waiting.position.get().cast_signed();
    let bound = (table, unit, waiting.source.as_str(), position, waiting.and_all_after);
    transaction.prepare_cached(text)?.execute(bound)?;
    Ok(())
}
