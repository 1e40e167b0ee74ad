//! How a thing stood at any moment, and what has happened to it.

use ondol_domain::Aggregate;
use ondol_kernel::{Envelope, Position, Recorded, StreamId, Timestamp, Version};
use ondol_store::ReadStream;

use super::{Desk, LoadError, Standing};

/// A moment in the life of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After its event of this version.
    Version(Version),
    /// When the log had reached this position.
    Position(Position),
    /// Before anything happened to it after this time, by the clock of whoever recorded it.
    Time(Timestamp),
}

impl AsOf {
    fn includes(self, event: &Envelope) -> bool {
        match self {
            Self::Version(version) => event.version <= version,
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.metadata.time <= time,
        }
    }
}

/// How many events are read at a time.
const PAGE_EVENTS: usize = 1_000;

impl<A: Aggregate> Desk<A> {
    /// How the thing with this key stood at a moment. A moment that has not come is now.
    ///
    /// # Errors
    /// When its events cannot be read or cannot have happened.
    pub async fn state_at(&self, key: &str, as_of: AsOf) -> Result<Standing<A>, LoadError> {
        let stream = StreamId::new(A::KIND, key)?;
        let mut standing = Standing::default();
        loop {
            let page = self.page(&stream, standing.version.next(), PAGE_EVENTS).await?;
            if page.is_empty() {
                return Ok(standing);
            }
            for envelope in page {
                if !as_of.includes(&envelope) {
                    return Ok(standing);
                }
                let event = self.inner.read(&stream, envelope)?;
                standing.fold(&stream, &event.data)?;
            }
        }
    }

    /// What has happened to the thing with this key, from a version on, at most so many events.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub async fn history(
        &self,
        key: &str,
        from: Version,
        limit: usize,
    ) -> Result<Vec<Recorded<A::Event>>, LoadError> {
        let stream = StreamId::new(A::KIND, key)?;
        let page = self.page(&stream, from, limit).await?;
        page.into_iter().map(|envelope| self.inner.read(&stream, envelope)).collect()
    }

    async fn page(
        &self,
        stream: &StreamId,
        from: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, LoadError> {
        let read = ReadStream::forward(stream.clone(), limit).from(from);
        Ok(self.inner.ground.store.read_stream(read).await?)
    }
}
