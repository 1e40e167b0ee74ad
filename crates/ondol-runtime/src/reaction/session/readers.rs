//! Those who read the feeds ahead, one for each.

use std::sync::Arc;

use ondol_bus::{Followed, Follower};
use ondol_views::Checkpoint;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::deal::Dealing;
use crate::error_chain;

/// Pages that may be read ahead.
const PAGES_AHEAD: usize = 2;

/// What one of them has read.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) source: usize,
    pub(super) read: Read,
}

#[derive(Debug)]
pub(super) enum Read {
    /// What comes next.
    Events(Followed),
    /// It cannot be read at present.
    Trouble(String),
}

/// Those who read the feeds. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Readers {
    heard: mpsc::Receiver<Heard>,
    _tasks: JoinSet<()>,
}

impl Readers {
    pub(super) fn start(dealing: &Arc<Dealing>, from: &[Option<Checkpoint>]) -> Self {
        let (tell, heard) = mpsc::channel(PAGES_AHEAD);
        let mut tasks = JoinSet::new();
        for (source, from) in from.iter().enumerate() {
            tasks.spawn(read(Arc::clone(dealing), source, *from, tell.clone()));
        }
        Self { heard, _tasks: tasks }
    }

    pub(super) async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

async fn read(
    dealing: Arc<Dealing>,
    source: usize,
    from: Option<Checkpoint>,
    tell: mpsc::Sender<Heard>,
) {
    let (attending, of) = (&dealing.attending, &dealing.sources[source]);
    let options = &attending.options;
    let (after, epoch) = (from.map(|at| at.position).unwrap_or_default(), from.map(|at| at.epoch));
    let (feed, types) = (Arc::clone(&of.feed), of.types.clone());
    let mut follower = Follower::new(feed, after, epoch, types, options.page_events_max);
    let mut failures = 0_u32;
    loop {
        let followed = follower.next(options.wait).await;
        let read = match followed {
            Ok(followed) => {
                failures = 0;
                Read::Events(followed)
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                Read::Trouble(format!("{}: {}", error.code(), error_chain(&error)))
            }
        };
        if tell.send(Heard { source, read }).await.is_err() {
            return;
        }
        if failures > 0 {
            attending.clock.sleep(options.pause(failures)).await;
        }
    }
}
