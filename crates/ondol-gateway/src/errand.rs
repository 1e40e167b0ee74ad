//! What nobody waits for: done behind the requests that have caused it, a few at a time.
//!
//! Full means that an errand is not done, and counted: each of them is done again when it is next needed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Core, Refresh};

/// Errands that wait.
const WAITING_MAX: usize = 1024;
/// Errands under way.
const UNDER_WAY_MAX: usize = 64;

/// Something to be done.
pub(crate) enum Errand {
    /// An answer that is no longer fresh is asked for anew.
    Refresh(Box<Refresh>),
}

/// Where errands go.
pub(crate) struct Errands {
    sender: mpsc::Sender<Errand>,
    receiver: Mutex<mpsc::Receiver<Errand>>,
    dropped: AtomicU64,
}

impl Default for Errands {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        Self { sender, receiver: Mutex::new(receiver), dropped: AtomicU64::new(0) }
    }
}

impl Errands {
    /// Has something done, if there is room.
    pub(crate) fn send(&self, errand: Errand) {
        if self.sender.try_send(errand).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Errands for which there was no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Does errands until told to stop.
pub(crate) async fn run(core: Arc<Core>, stop: CancellationToken) -> io::Result<()> {
    let mut errands = core.errands.receiver.lock().await;
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            Some(errand) = errands.recv(), if under_way.len() < UNDER_WAY_MAX => {
                let core = Arc::clone(&core);
                under_way.spawn(async move { core.go(errand).await });
            }
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    tracing::error!(%error, "an errand panicked");
                }
            }
            () = stop.cancelled() => return Ok(()),
        }
    }
}
