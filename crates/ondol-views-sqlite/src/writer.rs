//! The one who writes: a thread with the file's only writing connection.
//!
//! SQLite lets one connection write at a time, and waiting for it would hold up the runtime. So
//! writes are jobs in a queue with a limit, and a thread of its own makes them one by one. A job
//! that panics is told to whoever asked for it; the connection rolls back and goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use ondol_views::BoxError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::{FromSqlite, Panicked, Stopped};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the one who writes. When the last is gone, the thread ends.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub(crate) fn start(mut connection: Connection, queue_max: usize) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(queue_max);
        let work = move || {
            while let Some(job) = queue.blocking_recv() {
                job(&mut connection);
            }
        };
        // The thread ends with the queue, so nobody needs its handle to stop or to watch it: a
        // job that panics answers for itself.
        thread::Builder::new().name("ondol-views".to_owned()).spawn(work)?;
        Ok(Self { jobs })
    }

    /// Runs a job and waits for its answer.
    pub(crate) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromSqlite + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = move |connection: &mut Connection| {
            let outcome = catch_unwind(AssertUnwindSafe(|| job(connection)))
                .unwrap_or_else(|_panic| Err(E::unavailable(Box::new(Panicked))));
            // Whoever asked may have gone; the job is done all the same.
            drop(answer.send(outcome));
        };
        let stopped = || E::unavailable(BoxError::from(Stopped));
        self.jobs.send(Box::new(job)).await.map_err(|_gone| stopped())?;
        answered.await.map_err(|_gone| stopped())?
    }
}
