//! What nobody waits for: done behind the requests that have caused it, a few at a time.
//!
//! Full means that a chore is not done, and counted: each of them is done again when it is next needed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::alert::Notice;
use crate::gateway::{Core, Refresh};

/// Chores that wait.
const WAITING_MAX: usize = 1024;
/// Chores under way.
const UNDER_WAY_MAX: usize = 64;

/// Something to be done.
pub(crate) enum Chore {
    /// An answer that is no longer fresh is asked for anew.
    Refresh(Box<Refresh>),
    /// Someone is told of an alarm.
    Tell(Box<Notice>),
}

/// Where chores go.
pub(crate) struct Chores {
    sender: mpsc::Sender<Chore>,
    receiver: Mutex<mpsc::Receiver<Chore>>,
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl Default for Chores {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        Self {
            sender,
            receiver: Mutex::new(receiver),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }
}

impl Chores {
    /// Has something done, if there is room.
    pub(crate) fn send(&self, chore: Chore) {
        if self.sender.try_send(chore).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One has come to nothing.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Those that have come to nothing.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Chores for which there was no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Does chores until told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) -> io::Result<()> {
    let mut chores = core.chores.receiver.lock().await;
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            Some(chore) = chores.recv(), if under_way.len() < UNDER_WAY_MAX => {
                let core = Arc::clone(&core);
                under_way.spawn(async move { core.go(chore).await });
            }
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    tracing::error!(%error, "a chore panicked");
                }
            }
            () = stop.cancelled() => return Ok(()),
        }
    }
}
