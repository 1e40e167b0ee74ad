//! The tasks behind a store: when one of them ends, for whatever reason, the store stops and
//! says why. None goes on alone, and none dies unseen.

use std::sync::{Arc, Mutex, OnceLock};

use ondol_store::BoxError;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::fault::Unfit;

/// Why a store has stopped.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Stop {
    #[error("the log was closed")]
    Closed,
    #[error(transparent)]
    Unfit(Unfit),
    #[error("a task of the store failed: {0}")]
    Bug(String),
}

/// Whoever looks after the tasks.
#[derive(Debug)]
pub(crate) struct Supervisor {
    stop: watch::Sender<bool>,
    why: Arc<OnceLock<Stop>>,
    all: Mutex<Option<JoinHandle<()>>>,
}

impl Supervisor {
    /// Looks after tasks. The first that ends ends all; the sender tells them to come to an end.
    /// A task that tells anybody why it ends notes it in `why` before.
    pub(crate) fn over(
        tasks: JoinSet<Result<(), Unfit>>,
        stop: watch::Sender<bool>,
        why: Arc<OnceLock<Stop>>,
    ) -> Self {
        let all = tokio::runtime::Handle::current().spawn(supervise(tasks, Arc::clone(&why)));
        Self { stop, why, all: Mutex::new(Some(all)) }
    }

    /// Why the store has stopped, if it has.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.why.get().cloned()
    }

    /// What is told to whoever finds the store stopped.
    pub(crate) fn why(&self) -> BoxError {
        self.stopped().unwrap_or(Stop::Closed).into()
    }

    /// Tells the tasks to finish what was asked of them, and waits until they have.
    pub(crate) async fn close(&self) -> Result<(), Stop> {
        self.stop.send_replace(true);
        let all = self.all.lock().expect("nobody panics while holding the handle").take();
        if let Some(all) = all {
            all.await.map_err(|failed| Stop::Bug(failed.to_string()))?;
        }
        match self.stopped() {
            None | Some(Stop::Closed) => Ok(()),
            Some(stop) => Err(stop),
        }
    }
}

async fn supervise(mut tasks: JoinSet<Result<(), Unfit>>, why: Arc<OnceLock<Stop>>) {
    let ended = tasks.join_next().await;
    let reason = match ended {
        None | Some(Ok(Ok(()))) => Stop::Closed,
        Some(Ok(Err(unfit))) => Stop::Unfit(unfit),
        Some(Err(failed)) => Stop::Bug(describe(failed)),
    };
    why.get_or_init(|| reason);
    tasks.shutdown().await;
}

fn describe(failed: JoinError) -> String {
    let Ok(panic) = failed.try_into_panic() else { return "it was cancelled".to_owned() };
    let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(test)]
mod tests;
