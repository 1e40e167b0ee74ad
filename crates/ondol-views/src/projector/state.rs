//! How a projection stands, for whoever watches it.

use std::time::Duration;

use crate::{SourceCheckpoint, ViewId};

/// How a projection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which set of documents is folded.
    pub view: ViewId,
    /// What it is doing.
    pub phase: Phase,
    /// How far each log has been folded in, and committed.
    pub checkpoints: Vec<SourceCheckpoint>,
    /// How many events of its logs it has not dealt with, once that is known.
    pub behind: Option<u64>,
    /// Events dealt with in a second, passed over or folded, since it began.
    pub events_per_second: u64,
    /// How long it will take to catch up at this pace, once that can be said.
    pub left: Option<Duration>,
    /// What went wrong last, if it waits to go on.
    pub failure: Option<String>,
}

/// What a projection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is behind its logs.
    CatchingUp,
    /// It follows its logs.
    Live,
    /// It waits to go on after a failure.
    Waiting,
    /// It has stopped.
    Stopped,
}

/// Measures the pace of a projection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    began: Duration,
    dealt_with: u64,
}

impl Pace {
    pub(super) const fn begin(now: Duration) -> Self {
        Self { began: now, dealt_with: 0 }
    }

    pub(super) const fn add(&mut self, positions: u64) {
        self.dealt_with = self.dealt_with.saturating_add(positions);
    }

    /// Events a second, and how long so many more will take.
    pub(super) fn measure(self, now: Duration, behind: u64) -> (u64, Option<Duration>) {
        let millis = u64::try_from(now.saturating_sub(self.began).as_millis()).unwrap_or(u64::MAX);
        let rate = self.dealt_with.saturating_mul(1_000).checked_div(millis).unwrap_or(0);
        let left = behind.saturating_mul(1_000).checked_div(rate).map(Duration::from_millis);
        (rate, if behind == 0 { Some(Duration::ZERO) } else { left })
    }
}

impl Progress {
    /// Nothing is known yet.
    pub(super) const fn of(view: ViewId) -> Self {
        Self {
            view,
            phase: Phase::CatchingUp,
            checkpoints: Vec::new(),
            behind: None,
            events_per_second: 0,
            left: None,
            failure: None,
        }
    }

    /// Whether all that another has folded in is folded in here as well.
    pub(super) fn has_reached(&self, other: &[SourceCheckpoint]) -> bool {
        other.iter().all(|other| {
            crate::checkpoint_of(&self.checkpoints, &other.source)
                .is_some_and(|here| here.position >= other.checkpoint.position)
        })
    }
}
