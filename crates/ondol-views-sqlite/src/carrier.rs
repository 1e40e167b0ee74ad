//! The one who carries the write-ahead log over into the file, beside the one who writes.
//!
//! Carrying over reads, writes and syncs megabytes. Done by the writer, as SQLite does it by
//! itself, every reader who waits for a view waits for that as well. So a thread of its own does
//! it, and the writer only when the log has grown far too long all the same: what is then left to
//! do is little, and the log begins anew.

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// How many times longer than it should be the log may grow before the writer does it itself.
const TIMES_TOO_LONG: u32 = 8;

/// Lets the log of a connection that writes be carried over by another connection. It ends with
/// the connection that writes.
pub(crate) fn start(
    writer: &mut Connection,
    carrier: Connection,
    pages: u32,
) -> Result<(), rusqlite::Error> {
    let (long, is_long) = sync_channel::<()>(1);
    // SQLite lets one at a time carry over, and sends the other away instead of letting it wait.
    let turn = Arc::new(Mutex::new(()));
    let mine = Arc::clone(&turn);
    let work = move || {
        while is_long.recv().is_ok() {
            let _turn = turn_of(&mine);
            if let Err(error) = carry_over(&carrier) {
                tracing::warn!(%error, "the views' write-ahead log was not carried over");
            }
        }
    };
    let started = thread::Builder::new().name("ondol-carrier".to_owned()).spawn(work);
    started.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let too_long = pages.saturating_mul(TIMES_TOO_LONG);
    writer.wal_hook(Some(move |log: &mut Wal, found| {
        let found = u32::try_from(found).unwrap_or(0);
        if found >= too_long {
            let _turn = turn_of(&turn);
            if let Err(error) = log.checkpoint() {
                // Somebody reads an older state: the commit stands all the same, and the next one
                // tries again.
                tracing::debug!(%error, "the views' write-ahead log is still in use");
            }
        } else if found >= pages {
            tell(&long);
        }
        Ok(())
    }))
}

fn turn_of(turn: &Mutex<()>) -> MutexGuard<'_, ()> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One who has been told and has not begun yet need not be told again.
fn tell(long: &SyncSender<()>) {
    if let Err(TrySendError::Disconnected(())) = long.try_send(()) {
        tracing::warn!("nobody carries the views' write-ahead log over but the writer");
    }
}

fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_row| Ok(()))
}
