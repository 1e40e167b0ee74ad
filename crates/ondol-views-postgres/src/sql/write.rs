//! One write: documents, parked keys and checkpoints in one transaction.

use ondol_postgres::{Fault, Session};
use ondol_views::{
    Advance, Change, Document, DocumentKey, Entry, Faults, Parked, Parking, Step, Unit, Waiting,
    Write, WriteError, checkpoint_of, pack,
};
use tokio_postgres::types::Type;

use super::scan::place;
use super::{Known, find, read};
use crate::ProjectError;
use crate::error::FromFault;

/// Rows that go with one statement.
const ROWS_MAX: usize = 5_000;

/// Makes a write and, in the same transaction, whatever else is to be done.
pub(crate) async fn write<T>(
    session: &Session,
    schema: &str,
    write: Write,
    faults: &dyn Faults,
    also: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
) -> Result<T, ProjectError> {
    let fault = |step| faults.at(step).map_err(WriteError::Unavailable);
    let Write { view, advances, changes, parking, .. } = write;
    let known = find(session, schema, &view, true).await.map_err(ProjectError::of)?;
    let known = known.ok_or_else(|| WriteError::UnknownView { asked: view })?;
    check(session, schema, &known, &advances).await?;
    fault(Step::Begun)?;
    change(session, schema, known.table, &changes).await.map_err(ProjectError::of)?;
    for one in parking {
        park(session, schema, known.table, one).await.map_err(ProjectError::of)?;
    }
    let answer = also(session.client()).await.map_err(ProjectError::Statement)?;
    fault(Step::BeforeCheckpoints)?;
    advance(session, schema, known.table, &advances).await.map_err(ProjectError::of)?;
    fault(Step::BeforeCommit)?;
    Ok(answer)
}

async fn check(
    session: &Session,
    schema: &str,
    known: &Known,
    advances: &[Advance],
) -> Result<(), WriteError> {
    let all = read::checkpoints(session, schema, known.table).await.map_err(WriteError::of)?;
    for advance in advances {
        let found = checkpoint_of(&all, &advance.source);
        if found != advance.from {
            let (log, expected) = (advance.source.clone(), advance.from);
            return Err(WriteError::Conflict { log, expected, found });
        }
    }
    Ok(())
}

async fn change(
    session: &Session,
    schema: &str,
    table: i64,
    changes: &[Change],
) -> Result<(), Fault> {
    let (mut documents, mut removed) = (Vec::new(), Vec::new());
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    let mut more = 0_i64;
    for change in changes {
        match change {
            Change::Put { document, is_new, gone: had, fresh: has } => {
                documents.push(document);
                more += i64::from(*is_new);
                gone.extend(had.iter().map(|entry| (entry, &document.key)));
                fresh.extend(has.iter().map(|entry| (entry, &document.key)));
            }
            Change::Remove { key, gone: had } => {
                removed.push(key.as_str());
                gone.extend(had.iter().map(|entry| (entry, key)));
            }
        }
    }
    documents.sort_unstable_by(|one, two| one.key.cmp(&two.key));
    put_documents(session, schema, table, &documents).await?;
    if !removed.is_empty() {
        let text = format!("DELETE FROM {schema}.documents_{table} WHERE key = ANY($1)");
        let deleted = session.execute(&text, &[(&removed, Type::TEXT_ARRAY)]).await?;
        more -= i64::try_from(deleted).unwrap_or(i64::MAX);
    }
    let remove = format!(
        "DELETE FROM {schema}.entries_{table} e
         USING unnest($1::SMALLINT[], $2::BYTEA[], $3::TEXT[]) AS gone (place, value, key)
         WHERE (e.place, e.value, e.key) = (gone.place, gone.value, gone.key)"
    );
    change_entries(session, &remove, gone).await?;
    let put = format!(
        "INSERT INTO {schema}.entries_{table} (place, value, key)
         SELECT * FROM unnest($1::SMALLINT[], $2::BYTEA[], $3::TEXT[]) ON CONFLICT DO NOTHING"
    );
    change_entries(session, &put, fresh).await?;
    if more != 0 {
        let text =
            format!("UPDATE {schema}.ondol_views SET documents = documents + $2 WHERE id = $1");
        session.execute(&text, &[(&table, Type::INT8), (&more, Type::INT8)]).await?;
    }
    Ok(())
}

async fn put_documents(
    session: &Session,
    schema: &str,
    table: i64,
    documents: &[&Document],
) -> Result<(), Fault> {
    let text = format!(
        "INSERT INTO {schema}.documents_{table} (key, json, entries, source, position)
         SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BYTEA[], $4::TEXT[], $5::BIGINT[])
         ON CONFLICT (key) DO UPDATE SET json = excluded.json, entries = excluded.entries,
             source = excluded.source, position = excluded.position"
    );
    for some in documents.chunks(ROWS_MAX) {
        let keys: Vec<&str> = some.iter().map(|one| one.key.as_str()).collect();
        let json: Vec<&str> = some.iter().map(|one| one.json.as_str()).collect();
        let entries: Vec<Vec<u8>> = some.iter().map(|one| pack(&one.entries)).collect();
        let sources: Vec<&str> = some.iter().map(|one| one.last.source.as_str()).collect();
        let positions: Vec<i64> =
            some.iter().map(|one| one.last.position.get().cast_signed()).collect();
        session
            .execute(
                &text,
                &[
                    (&keys, Type::TEXT_ARRAY),
                    (&json, Type::TEXT_ARRAY),
                    (&entries, Type::BYTEA_ARRAY),
                    (&sources, Type::TEXT_ARRAY),
                    (&positions, Type::INT8_ARRAY),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn change_entries(
    session: &Session,
    text: &str,
    mut entries: Vec<(&Entry, &DocumentKey)>,
) -> Result<(), Fault> {
    entries.sort_unstable();
    for some in entries.chunks(ROWS_MAX) {
        let places: Vec<i16> = some.iter().map(|(entry, _)| place(entry.index)).collect();
        let values: Vec<&[u8]> = some.iter().map(|(entry, _)| entry.value.as_slice()).collect();
        let keys: Vec<&str> = some.iter().map(|(_, key)| key.as_str()).collect();
        session
            .execute(
                text,
                &[
                    (&places, Type::INT2_ARRAY),
                    (&values, Type::BYTEA_ARRAY),
                    (&keys, Type::TEXT_ARRAY),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn advance(
    session: &Session,
    schema: &str,
    table: i64,
    advances: &[Advance],
) -> Result<(), Fault> {
    let text = format!(
        "INSERT INTO {schema}.ondol_checkpoints (view, source, epoch, position)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (view, source) DO UPDATE
             SET epoch = excluded.epoch, position = excluded.position"
    );
    for advance in advances {
        let epoch = advance.to.epoch.into_bytes();
        let position = advance.to.position.get().cast_signed();
        session
            .execute(
                &text,
                &[
                    (&table, Type::INT8),
                    (&advance.source.as_str(), Type::TEXT),
                    (&epoch.as_slice(), Type::BYTEA),
                    (&position, Type::INT8),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn park(session: &Session, schema: &str, table: i64, one: Parking) -> Result<(), Fault> {
    match one {
        Parking::Park(parked) => park_unit(session, schema, table, parked).await,
        Parking::Wait { unit, waiting } => wait(session, schema, table, &unit, &waiting).await,
        Parking::Dealt { unit, count } => {
            let text = format!(
                "DELETE FROM {schema}.ondol_waiting WHERE view = $1 AND unit = $2 AND sequence IN
                     (SELECT sequence FROM {schema}.ondol_waiting
                      WHERE view = $1 AND unit = $2 ORDER BY sequence LIMIT $3)"
            );
            let (unit, count) = (unit.to_string(), i64::try_from(count).unwrap_or(i64::MAX));
            session
                .execute(&text, &[(&table, Type::INT8), (&unit, Type::TEXT), (&count, Type::INT8)])
                .await?;
            Ok(())
        }
        Parking::Release(unit) => {
            let unit = unit.to_string();
            for of in ["ondol_waiting", "ondol_parked"] {
                let text = format!("DELETE FROM {schema}.{of} WHERE view = $1 AND unit = $2");
                session.execute(&text, &[(&table, Type::INT8), (&unit, Type::TEXT)]).await?;
            }
            Ok(())
        }
    }
}

async fn park_unit(
    session: &Session,
    schema: &str,
    table: i64,
    parked: Parked,
) -> Result<(), Fault> {
    let text = format!(
        "INSERT INTO {schema}.ondol_parked
             (view, unit, source, position, reason, tries, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (view, unit) DO UPDATE SET source = excluded.source,
             position = excluded.position, reason = excluded.reason, tries = excluded.tries,
             since = excluded.since"
    );
    session
        .execute(
            &text,
            &[
                (&table, Type::INT8),
                (&parked.unit.to_string(), Type::TEXT),
                (&parked.source.as_str(), Type::TEXT),
                (&parked.position.get().cast_signed(), Type::INT8),
                (&parked.reason, Type::TEXT),
                (&i64::from(parked.tries), Type::INT8),
                (&parked.since.as_micros(), Type::INT8),
            ],
        )
        .await?;
    Ok(())
}

async fn wait(
    session: &Session,
    schema: &str,
    table: i64,
    unit: &Unit,
    waiting: &Waiting,
) -> Result<(), Fault> {
    let text = format!(
        "INSERT INTO {schema}.ondol_waiting
             (view, unit, sequence, source, position, and_all_after)
         SELECT view, unit,
                (SELECT coalesce(max(sequence), 0) + 1 FROM {schema}.ondol_waiting
                 WHERE view = $1 AND unit = $2),
                $3, $4, $5
         FROM {schema}.ondol_parked WHERE view = $1 AND unit = $2"
    );
    session
        .execute(
            &text,
            &[
                (&table, Type::INT8),
                (&unit.to_string(), Type::TEXT),
                (&waiting.source.as_str(), Type::TEXT),
                (&waiting.position.get().cast_signed(), Type::INT8),
                (&waiting.and_all_after, Type::BOOL),
            ],
        )
        .await?;
    Ok(())
}
