//! A peer: the obvious table in SQLite, with the appends that wait in one transaction.

use ondol_bench::Stopwatch;
use rusqlite::{Connection, params};

use crate::load::{Load, PAYLOAD, spread};

const TABLE: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
  id BLOB NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL, UNIQUE (stream, version));";

/// Appends single events, as many in a transaction as are in flight; answers how many a second
/// became durable.
pub(crate) fn append(load: Load) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(".")?;
    let mut connection = Connection::open(folder.path().join("events.db"))?;
    connection.execute_batch(TABLE)?;
    let data = [b'7'; PAYLOAD];
    let (groups, mut number) = (load.events / load.in_flight, 0);
    let watch = Stopwatch::start();
    for _ in 0..groups {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (stream, version, id, type, data) VALUES (?1,
                 1 + coalesce((SELECT max(version) FROM events WHERE stream = ?1), 0), ?2, ?3, ?4)",
            )?;
            for _ in 0..load.in_flight {
                number += 1;
                let stream = format!("account:{:08}", spread(number) % load.streams);
                let id = u128::from(number).to_be_bytes();
                insert.execute(params![stream, id, "account.deposited", data])?;
            }
        }
        transaction.commit()?;
    }
    Ok(watch.rate(groups * load.in_flight))
}
