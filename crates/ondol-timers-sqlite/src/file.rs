//! The tables of the file, and how it is opened.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::{OpenError, Options};

/// "ondt": whose file this is.
const APPLICATION: i64 = 0x6f6e_6474;
/// The format of the file.
const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE ondol_books (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch BLOB NOT NULL,
    position INTEGER NOT NULL
) STRICT;
CREATE TABLE ondol_timers (
    book INTEGER NOT NULL REFERENCES ondol_books (id),
    stream TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (book, stream, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX ondol_timers_due ON ondol_timers (book, due, stream, name, generation);
";

/// Opens the file, and makes its tables if there are none.
pub(crate) fn open(options: &Options) -> Result<Connection, OpenError> {
    let unavailable = |error: rusqlite::Error| OpenError::Unavailable {
        path: options.path.clone(),
        source: error.into(),
    };
    let mut connection = Connection::open(&options.path).map_err(unavailable)?;
    prepare(&connection, options).map_err(unavailable)?;
    check_owner(&connection, options, unavailable)?;
    make_tables(&mut connection).map_err(unavailable)?;
    write_ahead(&connection).map_err(unavailable)?;
    Ok(connection)
}

fn prepare(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms))?;
    let kibibytes = i64::try_from(options.cache_bytes >> 10).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}

fn check_owner(
    connection: &Connection,
    options: &Options,
    unavailable: impl Fn(rusqlite::Error) -> OpenError + Copy,
) -> Result<(), OpenError> {
    let number = |pragma| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(unavailable)?;
    let application = number("application_id").map_err(unavailable)?;
    let found = number("user_version").map_err(unavailable)?;
    let path = || options.path.clone();
    if tables > 0 && application != APPLICATION {
        return Err(OpenError::Foreign { path: path() });
    }
    if found > FORMAT {
        return Err(OpenError::Newer { path: path(), found, known: FORMAT });
    }
    Ok(())
}

/// Makes the tables. Two processes may open a new file at once, so whether there are any is asked
/// again once nobody else can write.
fn make_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if made == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}
