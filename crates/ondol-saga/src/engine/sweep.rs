//! Looks for sagas that have something to do and that nobody drives.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{StreamId, Timestamp};
use ondol_views::{Cursor, Find, Found};

use super::Inner;
use super::drive::Job;
use crate::SagaEntry;

/// How many entries are read at a time.
const PAGE: usize = 500;
/// How many sagas that could not be driven are remembered.
const FAILING_MAX: usize = 10_000;
/// How long one that could not be driven is left alone at most.
const FAILING_DELAY_MAX: Duration = Duration::from_secs(300);

/// Where the sweeper has come to, and what it leaves alone.
#[derive(Debug, Default)]
pub(super) struct Sweeping {
    after: Option<Cursor>,
}

/// Sagas that could not be driven, and how long they are left alone.
#[derive(Debug, Default)]
pub(super) struct Failing {
    until: HashMap<StreamId, (u32, Timestamp)>,
}

impl Failing {
    pub(super) fn failed(&mut self, stream: &StreamId, now: Timestamp) {
        if self.until.len() >= FAILING_MAX {
            self.until.retain(|_, (_, until)| *until > now);
        }
        let times = self.until.get(stream).map_or(1, |(times, _)| times.saturating_add(1));
        let delay = Duration::from_secs(2_u64.saturating_pow(times.min(10))).min(FAILING_DELAY_MAX);
        if self.until.len() < FAILING_MAX {
            let until = now.checked_add(delay).unwrap_or(now);
            self.until.insert(stream.clone(), (times, until));
        }
    }

    pub(super) fn succeeded(&mut self, stream: &StreamId) {
        if !self.until.is_empty() {
            self.until.remove(stream);
        }
    }

    fn is_left_alone(&self, stream: &StreamId, now: Timestamp) -> bool {
        self.until.get(stream).is_some_and(|(_, until)| *until > now)
    }
}

impl Inner {
    /// Takes up what is due, as far as there is room. Goes on next time where it has come to, so
    /// that those in front cannot keep it from those behind.
    pub(super) async fn sweep(self: &Arc<Self>) -> Result<(), ondol_views::QueryError> {
        let now = self.ground.clock.now();
        let mut sweeping = self.sweeping.lock().await;
        let mut seen = 0;
        while seen < self.options.sweep_max {
            let find = Find::<SagaEntry>::between("wakes", Timestamp::EPOCH, next(now), PAGE);
            let mut find = find.map_err(|error| {
                ondol_views::QueryError::Load(ondol_views::LoadError::Unavailable(error.into()))
            })?;
            if let Some(after) = sweeping.after.take() {
                find = find.after(after);
            }
            let page = self.entries.find(find).await?;
            seen += page.found.len().max(1);
            sweeping.after = page.next;
            for found in page.found {
                if !self.take_up(&found, now) {
                    return Ok(());
                }
            }
            if sweeping.after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Has a saga driven, if it is to be; false when there is no room.
    fn take_up(&self, found: &Found<SagaEntry>, now: Timestamp) -> bool {
        let entry = &found.value;
        let Ok(stream) = found.key.as_str().parse::<StreamId>() else { return true };
        let is_known = entry
            .fingerprint
            .is_some_and(|fingerprint| self.definitions.of(&entry.saga, fingerprint).is_some());
        if !is_known {
            self.metrics.parked();
            return true;
        }
        if self.active.contains(&stream) || self.failing().is_left_alone(&stream, now) {
            return true;
        }
        self.jobs.try_send(Job { stream, begun: None }).is_ok()
    }
}

/// The moment after.
fn next(now: Timestamp) -> Timestamp {
    now.checked_add(Duration::from_micros(1)).unwrap_or(now)
}
