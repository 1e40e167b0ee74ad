//! The tables of the file, and how it is opened.
//!
//! What is known of all views stands in tables of a fixed name; the documents of each set stand
//! in tables of their own, so that a set is thrown away at once and takes nothing with it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::{OpenError, Options, carrier};

/// Whose file it is, and what is in it.
pub(crate) struct Kind {
    /// Four letters that SQLite keeps at the beginning.
    pub(crate) application: i64,
    pub(crate) format: i64,
    pub(crate) tables: &'static str,
}

const VIEWS: Kind = Kind { application: 0x6f6e_6476, format: 1, tables: TABLES };

const TABLES: &str = "
CREATE TABLE ondol_views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    build INTEGER NOT NULL,
    indexes TEXT NOT NULL,
    fold INTEGER NOT NULL,
    made INTEGER NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, version, build)
) STRICT;
CREATE TABLE ondol_serving (
    name TEXT NOT NULL PRIMARY KEY,
    view INTEGER NOT NULL REFERENCES ondol_views (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE ondol_checkpoints (
    view INTEGER NOT NULL REFERENCES ondol_views (id),
    source TEXT NOT NULL,
    epoch BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (view, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE ondol_parked (
    view INTEGER NOT NULL REFERENCES ondol_views (id),
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    tries INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (view, unit)
) STRICT, WITHOUT ROWID;
CREATE TABLE ondol_waiting (
    view INTEGER NOT NULL,
    unit TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    and_all_after INTEGER NOT NULL,
    PRIMARY KEY (view, unit, sequence)
) STRICT, WITHOUT ROWID;
";

/// The connection of the one who writes. Makes the tables if there are none.
pub(crate) fn open_writer(options: &Options) -> Result<Connection, OpenError> {
    let mut connection = open_kind(&options.path, options, &VIEWS)?;
    write_ahead(&mut connection, options).map_err(|error| unavailable(&options.path, error))?;
    Ok(connection)
}

/// Opens a file of a kind, and makes its tables if there are none.
pub(crate) fn open_kind(
    path: &Path,
    options: &Options,
    kind: &Kind,
) -> Result<Connection, OpenError> {
    let failed = |error| unavailable(path, error);
    let mut connection = Connection::open(path).map_err(failed)?;
    prepare(&connection, options, options.writer_cache_bytes).map_err(failed)?;
    check_owner(&connection, path, kind)?;
    make_tables(&mut connection, kind).map_err(failed)?;
    Ok(connection)
}

pub(crate) fn unavailable(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::Unavailable { path: path.to_owned(), source: error.into() }
}

/// A connection of one who reads.
pub(crate) fn open_reader(options: &Options) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&options.path, flags)?;
    prepare(&connection, options, options.reader_cache_bytes)?;
    Ok(connection)
}

fn prepare(connection: &Connection, options: &Options, cache: usize) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms))?;
    connection.set_prepared_statement_cache_capacity(256);
    let kibibytes = i64::try_from(cache >> 10).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn write_ahead(connection: &mut Connection, options: &Options) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    let carrier = Connection::open(&options.path)?;
    prepare(&carrier, options, options.reader_cache_bytes)?;
    carrier::start(connection, carrier, options.wal_pages)
}

fn check_owner(connection: &Connection, path: &Path, kind: &Kind) -> Result<(), OpenError> {
    let failed = |error| unavailable(path, error);
    let number = |pragma| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(failed)?;
    let application = number("application_id").map_err(failed)?;
    let found = number("user_version").map_err(failed)?;
    if tables > 0 && application != kind.application {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    if found > kind.format {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: kind.format });
    }
    Ok(())
}

/// Makes the tables. Two processes may open a new file at once, so whether there are any is
/// asked again once nobody else can write.
fn make_tables(connection: &mut Connection, kind: &Kind) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if made == 0 {
        transaction.execute_batch(kind.tables)?;
        transaction.pragma_update(None, "application_id", kind.application)?;
        transaction.pragma_update(None, "user_version", kind.format)?;
    }
    transaction.commit()
}

/// The tables of one set of documents.
pub(crate) fn make_documents(connection: &Connection, table: i64) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE documents_{table} (
             key TEXT NOT NULL PRIMARY KEY,
             json TEXT NOT NULL,
             entries BLOB NOT NULL,
             source TEXT NOT NULL,
             position INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE entries_{table} (
             place INTEGER NOT NULL,
             value BLOB NOT NULL,
             key TEXT NOT NULL,
             PRIMARY KEY (place, value, key)
         ) STRICT, WITHOUT ROWID;"
    ))
}

/// Throws one set of documents away.
pub(crate) fn drop_documents(connection: &Connection, table: i64) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "DROP TABLE documents_{table};
         DROP TABLE entries_{table};
         DELETE FROM ondol_waiting WHERE view = {table};
         DELETE FROM ondol_parked WHERE view = {table};
         DELETE FROM ondol_checkpoints WHERE view = {table};
         DELETE FROM ondol_views WHERE id = {table};"
    ))
}
