//! What is asked of PostgreSQL. Each function runs in a transaction that its caller has opened.

use std::collections::BTreeMap;

use ondol_kernel::{Position, Timestamp};
use ondol_postgres::{Fault, Session};
use ondol_store::LogEpoch;
use ondol_timers::{
    BookName, Checkpoint, Generation, Order, Place, Timer, TimerId, Write, WriteError,
};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::error::write_error;

/// How far a book is kept up.
pub(crate) async fn checkpoint(
    session: &Session,
    schema: &str,
    book: &BookName,
) -> Result<Option<Checkpoint>, Fault> {
    let text = format!("SELECT id, epoch, position FROM {schema}.ondol_books WHERE name = $1");
    let rows = session.query(&text, &[(&book.as_str(), Type::TEXT)]).await?;
    rows.first().map_or(Ok(None), |row| checkpoint_of(row, 1))
}

pub(crate) async fn write(session: &Session, schema: &str, write: Write) -> Result<(), WriteError> {
    let (book, found) = lock(session, schema, &write.book).await.map_err(write_error)?;
    if found != write.from {
        return Err(WriteError::Conflict { book: write.book, expected: write.from, found });
    }
    let (mut set, mut cancelled) = (Columns::default(), Columns::default());
    for (id, kept) in last_of_each(write.orders) {
        match kept {
            Some(kept) => set.push(&id, kept),
            None => cancelled.push(&id, (Generation::default(), Timestamp::EPOCH)),
        }
    }
    let work = async {
        cancel(session, schema, book, &cancelled).await?;
        set_all(session, schema, book, &set).await?;
        advance(session, schema, book, &write.to).await
    };
    work.await.map_err(write_error)
}

/// Locks a book until the transaction ends, and makes it if there is none.
async fn lock(
    session: &Session,
    schema: &str,
    book: &BookName,
) -> Result<(i64, Option<Checkpoint>), Fault> {
    let named = book.as_str();
    let name: ondol_postgres::Parameter<'_> = (&named, Type::TEXT);
    let make =
        format!("INSERT INTO {schema}.ondol_books (name) VALUES ($1) ON CONFLICT DO NOTHING");
    let look =
        format!("SELECT id, epoch, position FROM {schema}.ondol_books WHERE name = $1 FOR UPDATE");
    let mut rows = session.query(&look, std::slice::from_ref(&name)).await?;
    if rows.is_empty() {
        session.execute(&make, std::slice::from_ref(&name)).await?;
        rows = session.query(&look, &[name]).await?;
    }
    let row = rows.first().ok_or_else(|| Fault::Damaged("the book is not there".into()))?;
    Ok((column(row, 0)?, checkpoint_of(row, 1)?))
}

/// What is left of orders once they have been obeyed one after the other.
fn last_of_each(orders: Vec<Order>) -> BTreeMap<TimerId, Option<(Generation, Timestamp)>> {
    let order = |order| match order {
        Order::Set(Timer { id, generation, due }) => (id, Some((generation, due))),
        Order::Cancel(id) => (id, None),
    };
    orders.into_iter().map(order).collect()
}

/// Timers, column by column.
#[derive(Debug, Default)]
struct Columns {
    streams: Vec<String>,
    names: Vec<String>,
    generations: Vec<i64>,
    dues: Vec<i64>,
}

impl Columns {
    fn push(&mut self, id: &TimerId, (generation, due): (Generation, Timestamp)) {
        self.streams.push(id.stream.as_str().to_owned());
        self.names.push(id.name.as_str().to_owned());
        self.generations.push(generation.0.cast_signed());
        self.dues.push(due.as_micros());
    }
}

async fn cancel(session: &Session, schema: &str, book: i64, ids: &Columns) -> Result<(), Fault> {
    if ids.names.is_empty() {
        return Ok(());
    }
    let text = format!(
        "DELETE FROM {schema}.ondol_timers t USING unnest($2, $3) AS gone (stream, name)
         WHERE t.book = $1 AND t.stream = gone.stream AND t.name = gone.name"
    );
    let parameters: [ondol_postgres::Parameter<'_>; 3] =
        [(&book, Type::INT8), (&ids.streams, Type::TEXT_ARRAY), (&ids.names, Type::TEXT_ARRAY)];
    session.execute(&text, &parameters).await?;
    Ok(())
}

async fn set_all(session: &Session, schema: &str, book: i64, set: &Columns) -> Result<(), Fault> {
    if set.names.is_empty() {
        return Ok(());
    }
    let text = format!(
        "INSERT INTO {schema}.ondol_timers (book, stream, name, generation, due)
         SELECT $1, * FROM unnest($2, $3, $4, $5)
         ON CONFLICT (book, stream, name)
         DO UPDATE SET generation = excluded.generation, due = excluded.due"
    );
    session
        .execute(
            &text,
            &[
                (&book, Type::INT8),
                (&set.streams, Type::TEXT_ARRAY),
                (&set.names, Type::TEXT_ARRAY),
                (&set.generations, Type::INT8_ARRAY),
                (&set.dues, Type::INT8_ARRAY),
            ],
        )
        .await?;
    Ok(())
}

async fn advance(session: &Session, schema: &str, book: i64, to: &Checkpoint) -> Result<(), Fault> {
    let text = format!("UPDATE {schema}.ondol_books SET epoch = $2, position = $3 WHERE id = $1");
    let (epoch, position) = (to.epoch.into_bytes(), to.position.get().cast_signed());
    session
        .execute(
            &text,
            &[(&book, Type::INT8), (&epoch.as_slice(), Type::BYTEA), (&position, Type::INT8)],
        )
        .await?;
    Ok(())
}

pub(crate) async fn settle(
    session: &Session,
    schema: &str,
    book: &BookName,
    fired: &[Timer],
) -> Result<(), Fault> {
    let mut columns = Columns::default();
    for timer in fired {
        columns.push(&timer.id, (timer.generation, timer.due));
    }
    let text = format!(
        "DELETE FROM {schema}.ondol_timers t
         USING unnest($2, $3, $4) AS fired (stream, name, generation)
         WHERE t.book = (SELECT id FROM {schema}.ondol_books WHERE name = $1)
           AND t.stream = fired.stream AND t.name = fired.name
           AND t.generation = fired.generation"
    );
    session
        .execute(
            &text,
            &[
                (&book.as_str(), Type::TEXT),
                (&columns.streams, Type::TEXT_ARRAY),
                (&columns.names, Type::TEXT_ARRAY),
                (&columns.generations, Type::INT8_ARRAY),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn due(
    session: &Session,
    schema: &str,
    book: &BookName,
    until: Timestamp,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<Timer>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // No stream is named with nothing, so this is before all of them.
    let first = (i64::MIN, String::new(), String::new());
    let (due, stream, name) = after.map_or(first, |Place { due, id }| {
        (due.as_micros(), id.stream.as_str().to_owned(), id.name.as_str().to_owned())
    });
    let text = format!(
        "SELECT stream, name, generation, due FROM {schema}.ondol_timers
         WHERE book = (SELECT id FROM {schema}.ondol_books WHERE name = $1)
           AND due <= $2 AND (due, stream, name) > ($3, $4, $5)
         ORDER BY due, stream, name LIMIT $6"
    );
    let rows = session
        .query(
            &text,
            &[
                (&book.as_str(), Type::TEXT),
                (&until.as_micros(), Type::INT8),
                (&due, Type::INT8),
                (&stream, Type::TEXT),
                (&name, Type::TEXT),
                (&limit, Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(timer_of).collect()
}

pub(crate) async fn next_due(
    session: &Session,
    schema: &str,
    book: &BookName,
) -> Result<Option<Timestamp>, Fault> {
    let text = format!(
        "SELECT due FROM {schema}.ondol_timers
         WHERE book = (SELECT id FROM {schema}.ondol_books WHERE name = $1)
         ORDER BY due, stream, name LIMIT 1"
    );
    let rows = session.query(&text, &[(&book.as_str(), Type::TEXT)]).await?;
    rows.first().map(|row| moment(row, 0)).transpose()
}

pub(crate) async fn get(
    session: &Session,
    schema: &str,
    book: &BookName,
    id: &TimerId,
) -> Result<Option<Timer>, Fault> {
    let text = format!(
        "SELECT stream, name, generation, due FROM {schema}.ondol_timers
         WHERE book = (SELECT id FROM {schema}.ondol_books WHERE name = $1)
           AND stream = $2 AND name = $3"
    );
    let parameters: [ondol_postgres::Parameter<'_>; 3] = [
        (&book.as_str(), Type::TEXT),
        (&id.stream.as_str(), Type::TEXT),
        (&id.name.as_str(), Type::TEXT),
    ];
    let rows = session.query(&text, &parameters).await?;
    rows.first().map(timer_of).transpose()
}

pub(crate) async fn count(session: &Session, schema: &str, book: &BookName) -> Result<u64, Fault> {
    let text = format!(
        "SELECT count(*) FROM {schema}.ondol_timers
         WHERE book = (SELECT id FROM {schema}.ondol_books WHERE name = $1)"
    );
    let rows = session.query(&text, &[(&book.as_str(), Type::TEXT)]).await?;
    rows.first().map_or(Ok(0), |row| Ok(column::<i64>(row, 0)?.cast_unsigned()))
}

pub(crate) async fn clear(session: &Session, schema: &str, book: &BookName) -> Result<(), Fault> {
    let (id, _checkpoint) = lock(session, schema, book).await?;
    for text in [
        format!("DELETE FROM {schema}.ondol_timers WHERE book = $1"),
        format!("UPDATE {schema}.ondol_books SET epoch = NULL, position = NULL WHERE id = $1"),
    ] {
        session.execute(&text, &[(&id, Type::INT8)]).await?;
    }
    Ok(())
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Damaged(Box::new(error))
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, Fault> {
    row.try_get(at).map_err(damaged)
}

fn moment(row: &Row, at: usize) -> Result<Timestamp, Fault> {
    Timestamp::from_micros(column(row, at)?).map_err(damaged)
}

/// Epoch, position; both are nothing before the first write.
fn checkpoint_of(row: &Row, at: usize) -> Result<Option<Checkpoint>, Fault> {
    let Some(epoch) = column::<Option<&[u8]>>(row, at)? else { return Ok(None) };
    let epoch: [u8; 16] = epoch.try_into().map_err(damaged)?;
    let position = Position::new(column::<i64>(row, at + 1)?.cast_unsigned());
    Ok(Some(Checkpoint { epoch: LogEpoch::from_bytes(epoch), position }))
}

/// Stream, name, generation, due.
fn timer_of(row: &Row) -> Result<Timer, Fault> {
    let stream = column::<&str>(row, 0)?.parse().map_err(damaged)?;
    let name = column::<&str>(row, 1)?.parse().map_err(damaged)?;
    let generation = Generation(column::<i64>(row, 2)?.cast_unsigned());
    Ok(Timer { id: TimerId { stream, name }, generation, due: moment(row, 3)? })
}
