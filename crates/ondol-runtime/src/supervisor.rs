//! Watches over everything that runs on its own.
//!
//! A task that panics and that nobody joins is silent. Every task of a service is started here,
//! under a name; its end is seen, and when one that the service cannot do without ends before it
//! was told to, the whole service is asked to stop instead of limping on.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How a task came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It had nothing more to do, or was told to stop.
    Finished,
    /// It gave up, saying why.
    Failed(String),
    /// It panicked, saying this.
    Panicked(String),
}

/// A task that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// The task's name.
    pub task: String,
    /// How it ended.
    pub ending: Ending,
}

/// Holds tasks back for as long as it lives.
#[derive(Debug)]
#[must_use = "tasks are held back for as long as it lives"]
pub struct HeldBack {
    shared: Arc<Shared>,
}

/// Starts tasks, sees them end, and asks all to stop.
#[derive(Debug, Clone)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    stop: watch::Sender<bool>,
    /// How many want tasks to be held back.
    held: watch::Sender<usize>,
    failure: watch::Sender<Option<TaskEnd>>,
    watchers: Mutex<Vec<JoinHandle<()>>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl Supervisor {
    /// A supervisor with nothing to watch over yet.
    pub fn new() -> Self {
        let shared = Shared {
            stop: watch::Sender::new(false),
            held: watch::Sender::new(0),
            failure: watch::Sender::new(None),
            watchers: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Tasks that are started from now on begin once what is given back is gone: when all are there
    /// whom they may turn to.
    pub fn hold_back(&self) -> HeldBack {
        self.shared.held.send_modify(|held| *held += 1);
        HeldBack { shared: Arc::clone(&self.shared) }
    }

    /// Starts a task that the service cannot do without: should it fail or panic, all stop.
    /// The task is given a signal that turns true when it should come to its end.
    pub fn start<F, Fut>(&self, name: &str, task: F)
    where
        F: FnOnce(watch::Receiver<bool>) -> Fut,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let (task, mut held) = (task(self.shared.stop.subscribe()), self.shared.held.subscribe());
        let running = detached(async move {
            // Without a supervisor nobody holds anything back.
            drop(held.wait_for(|held| *held == 0).await);
            task.await
        });
        let (shared, name) = (Arc::downgrade(&self.shared), name.to_owned());
        let watcher = detached(async move {
            let ending = ending_of(running.await);
            let Some(shared) = shared.upgrade() else { return };
            shared.ended(TaskEnd { task: name, ending });
        });
        let mut watchers = self.shared.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| !watcher.is_finished());
        watchers.push(watcher);
    }

    /// Asks all tasks to come to their end.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    /// Waits until somebody asks all tasks to stop, or one that is needed has failed.
    pub async fn stopping(&self) {
        let mut stop = self.shared.stop.subscribe();
        // The sender lives in the supervisor that is being asked: it cannot be gone.
        drop(stop.wait_for(|stop| *stop).await);
    }

    /// Asks all tasks to come to their end and waits until they have.
    ///
    /// # Errors
    /// With the first task that had failed or panicked.
    pub async fn shut_down(&self) -> Result<(), TaskEnd> {
        self.stop();
        loop {
            let watchers = {
                let mut held = self.shared.watchers.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *held)
            };
            if watchers.is_empty() {
                break;
            }
            for watcher in watchers {
                drop(watcher.await);
            }
        }
        self.failure().map_or(Ok(()), Err)
    }

    /// The first task that failed or panicked, if one has.
    pub fn failure(&self) -> Option<TaskEnd> {
        self.shared.failure.borrow().clone()
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        self.shared.held.send_modify(|held| *held -= 1);
    }
}

impl Shared {
    fn ended(&self, end: TaskEnd) {
        if end.ending == Ending::Finished {
            tracing::debug!(task = end.task, "a task has ended");
            return;
        }
        tracing::error!(task = end.task, ending = ?end.ending, "a task that is needed has ended");
        self.failure.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(end);
            is_first
        });
        self.stop.send_replace(true);
    }
}

fn ending_of(outcome: Result<Result<(), String>, tokio::task::JoinError>) -> Ending {
    match outcome {
        Ok(Ok(())) => Ending::Finished,
        Ok(Err(reason)) => Ending::Failed(reason),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Ending::Panicked(said(panic.as_ref())),
            Err(_cancelled) => Ending::Finished,
        },
    }
}

/// An error with everything that is behind it, in one line.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

pub(crate) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic that is not a text").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "this is the place where tasks are watched over")]
fn detached<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

#[cfg(test)]
mod tests;
