//! HTTP/2, spoken by hyper on both sides, with what it leaves to its users added.
//!
//! Added: floods of frames that are cheap to send and mean nothing end the connection
//! (`frames`); a stream whose reader has shut its window is robbed of its body by a watchdog, since
//! nobody polls it any more (`answer`); bodies keep a pace and a limit (`body`); to upstreams there
//! is more than one connection (`client`).

mod answer;
mod body;
mod client;
mod frames;
mod io;
mod serve;

pub(crate) use body::Http2Body;
pub(crate) use client::{Http2Pool, Seat};
pub(crate) use io::Joined;
pub(crate) use serve::{Line, serve};

use tokio_util::task::TaskTracker;

/// Runs what hyper wants to run beside a connection, and can be waited for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks(pub(crate) TaskTracker);

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}
