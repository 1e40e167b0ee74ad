//! What is asked of SQLite. Each function runs in a transaction that its caller has opened.

use ondol_kernel::{Position, Timestamp};
use ondol_store::LogEpoch;
use ondol_timers::{
    BookName, Checkpoint, Generation, Order, Place, Timer, TimerId, Write, WriteError,
};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::Fault;

/// A book's number and how far it is kept up.
type Kept = (i64, Checkpoint);

pub(crate) fn book(connection: &Connection, name: &BookName) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached("SELECT id, epoch, position FROM ondol_books WHERE name = ?1")?
        .query_row([name.as_str()], |row| {
            let epoch = LogEpoch::from_bytes(row.get(1)?);
            let position = Position::new(row.get::<_, i64>(2)?.cast_unsigned());
            Ok((row.get(0)?, Checkpoint { epoch, position }))
        })
        .optional()
}

pub(crate) fn write(connection: &Connection, write: Write) -> Result<(), WriteError> {
    let kept = book(connection, &write.book).map_err(WriteError::of)?;
    let found = kept.map(|(_id, checkpoint)| checkpoint);
    if found != write.from {
        return Err(WriteError::Conflict { book: write.book, expected: write.from, found });
    }
    let book = advance(connection, &write.book, &write.to).map_err(WriteError::of)?;
    write.orders.iter().try_for_each(|order| obey(connection, book, order)).map_err(WriteError::of)
}

fn advance(connection: &Connection, name: &BookName, to: &Checkpoint) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO ondol_books (name, epoch, position) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET epoch = ?2, position = ?3 RETURNING id",
        )?
        .query_row((name.as_str(), to.epoch.into_bytes(), to.position.get().cast_signed()), |row| {
            row.get(0)
        })
}

fn obey(connection: &Connection, book: i64, order: &Order) -> rusqlite::Result<()> {
    match order {
        Order::Set(Timer { id, generation, due }) => connection
            .prepare_cached(
                "INSERT INTO ondol_timers (book, stream, name, generation, due)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (book, stream, name) DO UPDATE SET generation = ?4, due = ?5",
            )?
            .execute((
                book,
                id.stream.as_str(),
                id.name.as_str(),
                generation.0.cast_signed(),
                due.as_micros(),
            ))?,
        Order::Cancel(id) => connection
            .prepare_cached(
                "DELETE FROM ondol_timers WHERE book = ?1 AND stream = ?2 AND name = ?3",
            )?
            .execute((book, id.stream.as_str(), id.name.as_str()))?,
    };
    Ok(())
}

pub(crate) fn settle(
    connection: &Connection,
    name: &BookName,
    fired: &[Timer],
) -> rusqlite::Result<()> {
    let Some((book, _checkpoint)) = book(connection, name)? else { return Ok(()) };
    let mut settle = connection.prepare_cached(
        "DELETE FROM ondol_timers
         WHERE book = ?1 AND stream = ?2 AND name = ?3 AND generation = ?4",
    )?;
    for Timer { id, generation, .. } in fired {
        let generation = generation.0.cast_signed();
        settle.execute((book, id.stream.as_str(), id.name.as_str(), generation))?;
    }
    Ok(())
}

pub(crate) fn due(
    connection: &Connection,
    name: &BookName,
    until: Timestamp,
    after: Option<Place>,
    limit: usize,
) -> rusqlite::Result<Vec<Timer>> {
    let Some((book, _checkpoint)) = book(connection, name)? else { return Ok(Vec::new()) };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // No stream is named with nothing, so this is before all of them.
    let first = (i64::MIN, String::new(), String::new());
    let (due, stream, timer) = after.map_or(first, |Place { due, id }| {
        (due.as_micros(), id.stream.as_str().to_owned(), id.name.as_str().to_owned())
    });
    connection
        .prepare_cached(
            "SELECT stream, name, generation, due FROM ondol_timers
             WHERE book = ?1 AND due <= ?2 AND (due, stream, name) > (?3, ?4, ?5)
             ORDER BY due, stream, name LIMIT ?6",
        )?
        .query_map((book, until.as_micros(), due, stream, timer, limit), timer_of)?
        .collect()
}

pub(crate) fn next_due(
    connection: &Connection,
    name: &BookName,
) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached(
            "SELECT due FROM ondol_timers
             WHERE book = (SELECT id FROM ondol_books WHERE name = ?1) ORDER BY due LIMIT 1",
        )?
        .query_row([name.as_str()], |row| moment(row, 0))
        .optional()
}

pub(crate) fn get(
    connection: &Connection,
    name: &BookName,
    id: &TimerId,
) -> rusqlite::Result<Option<Timer>> {
    connection
        .prepare_cached(
            "SELECT stream, name, generation, due FROM ondol_timers
             WHERE book = (SELECT id FROM ondol_books WHERE name = ?1)
               AND stream = ?2 AND name = ?3",
        )?
        .query_row((name.as_str(), id.stream.as_str(), id.name.as_str()), timer_of)
        .optional()
}

pub(crate) fn count(connection: &Connection, name: &BookName) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM ondol_timers
             WHERE book = (SELECT id FROM ondol_books WHERE name = ?1)",
        )?
        .query_row([name.as_str()], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))
}

pub(crate) fn clear(connection: &Connection, name: &BookName) -> rusqlite::Result<()> {
    let timers = "DELETE FROM ondol_timers
                  WHERE book = (SELECT id FROM ondol_books WHERE name = ?1)";
    connection.execute(timers, [name.as_str()])?;
    connection.execute("DELETE FROM ondol_books WHERE name = ?1", [name.as_str()])?;
    Ok(())
}

/// Stream, name, generation, due.
fn timer_of(row: &Row<'_>) -> rusqlite::Result<Timer> {
    let id = TimerId { stream: text(row, 0)?, name: text(row, 1)? };
    let generation = Generation(row.get::<_, i64>(2)?.cast_unsigned());
    Ok(Timer { id, generation, due: moment(row, 3)? })
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_micros(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

fn text<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
