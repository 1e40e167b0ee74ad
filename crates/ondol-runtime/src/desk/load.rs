//! How a thing stands, out of its snapshot and what has happened since.

use ondol_domain::{Aggregate, Snapshot as Written};
use ondol_kernel::{StreamId, Version};
use ondol_store::{ReadStream, Snapshot};

use super::{Inner, LoadError, Standing};

/// How many events are read at a time.
const PAGE_EVENTS: usize = 1_000;

impl<A: Aggregate> Inner<A> {
    /// How the thing stands, from nothing but what is stored.
    pub(super) async fn load(&self, stream: &StreamId) -> Result<Standing<A>, LoadError> {
        let began = self.ground.clock.running();
        let mut standing = self.snapshot_of(stream).await.unwrap_or_default();
        let before = standing.version;
        self.catch_up(stream, &mut standing).await?;
        let took = self.ground.clock.running().saturating_sub(began);
        if took > self.options.load_longest && standing.version > before {
            self.save_snapshot(stream, &standing).await;
        }
        Ok(standing)
    }

    /// Folds in what has happened since.
    pub(super) async fn catch_up(
        &self,
        stream: &StreamId,
        standing: &mut Standing<A>,
    ) -> Result<(), LoadError> {
        let limits = self.ground.store.limits();
        let page_events = PAGE_EVENTS.min(limits.page_events_max);
        loop {
            let from = standing.version.next();
            let read = ReadStream::forward(stream.clone(), page_events).from(from);
            let page = self.ground.store.read_stream(read).await?;
            // A page that is not full of events may be full of bytes, and then is not the last.
            let bytes: usize = page.iter().map(|event| event.data.bytes.len()).sum();
            let had_room = bytes.saturating_add(limits.event_bytes_max) <= limits.page_bytes_max;
            let is_last = page.is_empty() || (page.len() < page_events && had_room);
            for envelope in page {
                let event = self.read(stream, envelope)?;
                standing.fold(stream, &event.data)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// What a snapshot says, if this fold has made one that can be used.
    async fn snapshot_of(&self, stream: &StreamId) -> Option<Standing<A>> {
        let written = A::snapshot()?;
        let found = match self.ground.store.load_snapshot(stream, self.fold).await {
            Ok(found) => found?,
            Err(error) => {
                tracing::warn!(%stream, %error, "a snapshot cannot be had; the events are read");
                return None;
            }
        };
        match written.read(&found.state) {
            Ok(state) => Some(Standing { state, version: found.version }),
            Err(error) => {
                tracing::warn!(%stream, %error, "a snapshot is of no use; the events are read");
                None
            }
        }
    }

    /// Saves a snapshot when so many events have come since the last one was due.
    pub(super) async fn snapshot_when_due(
        &self,
        stream: &StreamId,
        before: Version,
        standing: &Standing<A>,
    ) {
        let every = self.options.snapshot_every_events;
        if standing.version.get() / every > before.get() / every {
            self.save_snapshot(stream, standing).await;
        }
    }

    async fn save_snapshot(&self, stream: &StreamId, standing: &Standing<A>) {
        let Some(written) = A::snapshot() else { return };
        let saved = match written.write(&standing.state) {
            Ok(state) => {
                let (stream, version) = (stream.clone(), standing.version);
                let snapshot = Snapshot { stream, fold: self.fold, version, state: state.into() };
                self.ground.store.save_snapshot(snapshot).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = saved {
            tracing::warn!(%stream, error, "a snapshot was not saved; the events are all there");
        }
    }
}

/// What the snapshots of this fold are kept under.
pub(super) fn fold_of<A: Aggregate>()
-> Result<u64, ondol_domain::Problems<ondol_domain::ShapeProblem>> {
    Ok(Written::<A>::fingerprint()?.short())
}
