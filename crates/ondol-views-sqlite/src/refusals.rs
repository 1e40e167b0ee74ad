//! Refusals, in a small file of their own.
//!
//! One process at a time takes commands for a service on disk, so what is known is looked up in
//! memory and the disk only written to: by a thread, which takes all that wait at a time and
//! syncs once for them. What has been let go of goes from the file with the next ones written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use ondol_kernel::{CausationId, CommandId, Timestamp};
use ondol_views::{KeptRefusal, KeptRefusals, RefusalError};
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use crate::convert;
use crate::error::Stopped;
use crate::schema::{Kind, open_kind, unavailable};
use crate::{OpenError, Options};

/// What the name of the file ends with.
const EXTENSION: &str = "refusals.db";
/// How many are written with one sync.
const TOGETHER_MAX: usize = 256;
/// How far the write-ahead log may grow, in bytes.
const LOG_BYTES_MAX: i64 = 4 << 20;

const REFUSALS: Kind = Kind {
    application: 0x6f6e_6472,
    format: 1,
    tables: "
CREATE TABLE ondol_refusals (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    command BLOB NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    causation BLOB,
    refusal TEXT,
    which INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
",
};

type Answer = oneshot::Sender<Result<KeptRefusal, RefusalError>>;

/// The refusals of a service. When the last handle is gone, the thread ends.
#[derive(Debug, Clone)]
pub(crate) struct Refusals {
    kept: Arc<Mutex<KeptRefusals>>,
    queue: mpsc::Sender<(KeptRefusal, Answer)>,
}

/// The one who writes.
struct Scribe {
    connection: Connection,
    kept: Arc<Mutex<KeptRefusals>>,
    /// Let go of, and still in the file.
    gone: Vec<CommandId>,
}

/// Where the answer to one who asks is found.
enum Place {
    /// It is known.
    Kept(KeptRefusal),
    /// Among those that are written now.
    Fresh(usize),
}

impl Refusals {
    pub(crate) fn open(options: &Options) -> Result<Self, OpenError> {
        let path = options.path.with_extension(EXTENSION);
        let connection = open_kind(&path, options, &REFUSALS)?;
        let failed = |error| unavailable(&path, error);
        write_ahead(&connection).map_err(failed)?;
        let mut kept = KeptRefusals::new(options.limits.refusals);
        let gone = read(&connection, &mut kept).map_err(failed)?;
        let kept = Arc::new(Mutex::new(kept));
        let scribe = Scribe { connection, kept: Arc::clone(&kept), gone };
        let (queue, waiting) = mpsc::channel(options.queue_max.max(TOGETHER_MAX));
        let started = thread::Builder::new()
            .name("ondol-refusals".to_owned())
            .spawn(move || scribe.write_all(waiting));
        started.map_err(|source| OpenError::Unavailable { path, source: source.into() })?;
        Ok(Self { kept, queue })
    }

    pub(crate) fn recall(&self, command: CommandId, now: Timestamp) -> Option<KeptRefusal> {
        lock(&self.kept).recall(command, now).cloned()
    }

    pub(crate) async fn keep(&self, refusal: KeptRefusal) -> Result<KeptRefusal, RefusalError> {
        let stopped = || RefusalError::Unavailable(Arc::new(Stopped));
        let (answer, answered) = oneshot::channel();
        self.queue.send((refusal, answer)).await.map_err(|_gone| stopped())?;
        answered.await.map_err(|_gone| stopped())?
    }
}

fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)
}

/// Reads all there are, within the limits; says which are too many or too old.
fn read(connection: &Connection, kept: &mut KeptRefusals) -> rusqlite::Result<Vec<CommandId>> {
    let text = "SELECT command, stream, causation, refusal, which, position, kept_at
                FROM ondol_refusals ORDER BY sequence";
    let mut statement = connection.prepare(text)?;
    let mut gone = Vec::new();
    for refusal in statement.query_map([], convert::refusal)? {
        let refusal = refusal?;
        gone.extend(kept.make_room(&refusal));
        kept.add(refusal);
    }
    Ok(gone)
}

impl Scribe {
    fn write_all(mut self, mut waiting: mpsc::Receiver<(KeptRefusal, Answer)>) {
        let mut together = Vec::with_capacity(TOGETHER_MAX);
        while waiting.blocking_recv_many(&mut together, TOGETHER_MAX) > 0 {
            let (refusals, answers): (Vec<_>, Vec<_>) = together.drain(..).unzip();
            for (outcome, answer) in self.keep(refusals).into_iter().zip(answers) {
                // Whoever asked may have gone; it is kept all the same.
                drop(answer.send(outcome));
            }
        }
    }

    /// Keeps those whose commands are not known, and answers for each what is kept.
    fn keep(&mut self, refusals: Vec<KeptRefusal>) -> Vec<Result<KeptRefusal, RefusalError>> {
        let (fresh, places) = self.told_apart(refusals);
        let written = self.write(&fresh);
        let written = written.map_err(|error| RefusalError::Unavailable(Arc::new(error)));
        let answer = |place| match (place, &written) {
            (Place::Kept(known), _) => Ok(known),
            (Place::Fresh(at), Ok(())) => Ok(fresh[at].clone()),
            (Place::Fresh(_), Err(error)) => Err(error.clone()),
        };
        let answers = places.into_iter().map(answer).collect();
        if written.is_ok() {
            self.add(fresh);
        }
        answers
    }

    /// Those whose commands are not known, each once, and where the answer to each is found.
    fn told_apart(&self, refusals: Vec<KeptRefusal>) -> (Vec<KeptRefusal>, Vec<Place>) {
        let (mut fresh, mut at) = (Vec::new(), HashMap::new());
        let kept = lock(&self.kept);
        let place = |refusal: KeptRefusal| {
            if let Some(known) = kept.recall(refusal.command, refusal.kept_at) {
                return Place::Kept(known.clone());
            }
            Place::Fresh(*at.entry(refusal.command).or_insert_with(|| {
                fresh.push(refusal);
                fresh.len() - 1
            }))
        };
        let places = refusals.into_iter().map(place).collect();
        (fresh, places)
    }

    fn write(&mut self, fresh: &[KeptRefusal]) -> rusqlite::Result<()> {
        if fresh.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        {
            let text = "DELETE FROM ondol_refusals WHERE command = ?1";
            let mut forget = transaction.prepare_cached(text)?;
            for command in &self.gone {
                forget.execute([command.into_bytes()])?;
            }
            let text = "INSERT OR REPLACE INTO ondol_refusals
                        (command, stream, causation, refusal, which, position, kept_at)
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let mut keep = transaction.prepare_cached(text)?;
            for refusal in fresh {
                keep.execute(params![
                    refusal.command.into_bytes(),
                    refusal.stream.as_str(),
                    refusal.causation.map(CausationId::into_bytes),
                    refusal.refusal,
                    refusal.which,
                    refusal.position.get().cast_signed(),
                    refusal.kept_at.as_micros(),
                ])?;
            }
        }
        transaction.commit()?;
        self.gone.clear();
        Ok(())
    }

    fn add(&mut self, fresh: Vec<KeptRefusal>) {
        let mut kept = lock(&self.kept);
        for refusal in fresh {
            self.gone.extend(kept.make_room(&refusal));
            kept.add(refusal);
        }
    }
}

fn lock(kept: &Mutex<KeptRefusals>) -> MutexGuard<'_, KeptRefusals> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
