//! The feed of a service that runs in this process, straight from its log.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_kernel::{Envelope, EventType, Position};
use ondol_store::{EventStore, Filter, Head, LogEpoch, Page, ReadAll, ReadError};

use super::recent::{self, Found, Recent, Wanted};
use super::{Feed, FeedError, FeedPage, Part, Published, ReadFeed};
use crate::Publication;

/// Events that are translated before others get their turn.
const TELL_EVENTS_MAX: usize = 1_000;

/// A feed that is read from the service's own log.
#[derive(Debug, Clone)]
pub struct LogFeed {
    service: Arc<str>,
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    told: Told,
    recent: Arc<Recent>,
}

/// What of the log is told.
#[derive(Debug, Clone)]
enum Told {
    /// Its own events as they are: for whoever belongs to the service itself.
    AsTheyAre,
    /// What is public, translated.
    Public(Arc<[Publication]>),
}

impl LogFeed {
    /// What a service publishes of its log.
    pub fn public(
        service: impl Into<Arc<str>>,
        log: Arc<dyn EventStore>,
        publications: Vec<Publication>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (service, recent) = (service.into(), Arc::default());
        Self { service, log, clock, told: Told::Public(publications.into()), recent }
    }

    /// A service's own events as they are, for its own policies and sagas. They never leave it.
    pub fn own(
        service: impl Into<Arc<str>>,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (service, recent) = (service.into(), Arc::default());
        Self { service, log, clock, told: Told::AsTheyAre, recent }
    }

    async fn page(&self, after: Position, read: &ReadFeed) -> Result<FeedPage, FeedError> {
        match &self.told {
            Told::Public(publications) if read.limit > 0 => {
                self.public_page(publications, after, read).await
            }
            Told::AsTheyAre | Told::Public(_) => self.own_page(after, read).await,
        }
    }

    /// Own events as they are. What is told of nothing is asked as well, for where the log ends.
    async fn own_page(&self, after: Position, read: &ReadFeed) -> Result<FeedPage, FeedError> {
        let (types, limit) = (read.types.clone(), read.limit.min(TELL_EVENTS_MAX));
        let page = self.log_page(after, types, limit).await?;
        let mut previous = read.after;
        let published = page.events.into_iter().map(|event| {
            let before = std::mem::replace(&mut previous, event.position);
            Published { previous: before, part: Part::ONLY, event: Arc::new(event) }
        });
        let events = published.collect();
        Ok(FeedPage { events, seen: page.seen, head: self.head(page.head) })
    }

    /// What is public, from what is kept for all if it is there.
    async fn public_page(
        &self,
        publications: &[Publication],
        after: Position,
        read: &ReadFeed,
    ) -> Result<FeedPage, FeedError> {
        let read = &ReadFeed { limit: read.limit.min(TELL_EVENTS_MAX), ..read.clone() };
        loop {
            let epoch = self.log.watch().borrow().epoch;
            match self.recent.after(epoch, after, read) {
                Found::Events(events, seen) => {
                    return Ok(FeedPage { events, seen, head: self.head(seen) });
                }
                Found::Gone => {
                    let (told, seen, head) = self.tell(publications, after, read.limit).await?;
                    let mut wanted = Wanted::of(read);
                    told.iter().for_each(|one| wanted.add(one.position, &one.events));
                    return Ok(FeedPage { events: wanted.published, seen, head });
                }
                Found::Nothing => {
                    let (seen, head) = self.read_along(publications, epoch, after).await?;
                    if seen <= after {
                        return Ok(FeedPage { events: Vec::new(), seen, head });
                    }
                }
            }
        }
    }

    /// Reads on in the log for all, unless somebody else has done it meanwhile; up to where.
    async fn read_along(
        &self,
        publications: &[Publication],
        epoch: LogEpoch,
        after: Position,
    ) -> Result<(Position, Head), FeedError> {
        let _filling = self.recent.fill().await;
        if let Some(kept) = self.recent.kept_after(epoch, after) {
            return Ok((kept, self.head(kept)));
        }
        let (told, seen, head) = self.tell(publications, after, TELL_EVENTS_MAX).await?;
        if seen > after {
            self.recent.add(epoch, (after, seen), told);
        }
        Ok((seen, head))
    }

    /// Comes to its end once there may be more to tell than what comes up to a position.
    async fn grows(&self, seen: Position) -> Result<(), FeedError> {
        let mut log = self.log.watch();
        let mut has_more = async || {
            let more = log.wait_for(|head| head.position > seen).await;
            more.map(|head| head.epoch).map_err(|closed| FeedError::Unreachable {
                service: self.service.to_string(),
                source: closed.into(),
            })
        };
        let Told::Public(publications) = &self.told else { return has_more().await.map(drop) };
        let epoch = self.log.watch().borrow().epoch;
        let watches = async {
            let _watching = self.recent.watch_the_log().await;
            let epoch = has_more().await?;
            self.read_along(publications, epoch, seen).await.map(drop)
        };
        tokio::select! {
            () = self.recent.has_grown(epoch, seen) => Ok(()),
            watched = watches => watched,
        }
    }

    /// Reads on in the log, and tells of it.
    async fn tell(
        &self,
        publications: &[Publication],
        after: Position,
        limit: usize,
    ) -> Result<(Vec<recent::Told>, Position, Head), FeedError> {
        let types = publications.iter().flat_map(|one| one.types().iter().cloned()).collect();
        let page = self.log_page(after, types, limit).await?;
        let told = page.events.into_iter().filter_map(|event| {
            let (position, events) = (event.position, told_of(publications, event));
            let events: Vec<_> = events.into_iter().map(Arc::new).collect();
            (!events.is_empty()).then_some(recent::Told { position, events })
        });
        Ok((told.collect(), page.seen, self.head(page.head)))
    }

    async fn log_page(
        &self,
        after: Position,
        types: Vec<EventType>,
        limit: usize,
    ) -> Result<Page, FeedError> {
        let asked = ReadAll::after(after, limit).only(Filter { types, ..Filter::default() });
        self.log.read_all(asked).await.map_err(|error| self.failed(error))
    }

    /// Where the log ends, as far as is known: here at least.
    fn head(&self, least: Position) -> Head {
        let known = *self.log.watch().borrow();
        Head { position: known.position.max(least), ..known }
    }

    fn failed(&self, error: ReadError) -> FeedError {
        match error {
            ReadError::AheadOfLog { asked, head, epoch } => {
                FeedError::AheadOfLog { asked, head, epoch }
            }
            error => {
                FeedError::Unreachable { service: self.service.to_string(), source: error.into() }
            }
        }
    }
}

/// What is told of an inner event.
fn told_of(publications: &[Publication], event: Envelope) -> Vec<Envelope> {
    let mut telling = publications.iter().filter(|one| one.tells_of(&event)).peekable();
    let mut told = Vec::new();
    while let Some(one) = telling.next() {
        if telling.peek().is_none() {
            told.extend(one.tell(event));
            break;
        }
        told.extend(one.tell(event.clone()));
    }
    told
}

#[async_trait]
impl Feed for LogFeed {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let mut page = self.page(read.after, &read).await?;
        if read.wait == Duration::ZERO || read.limit == 0 || !page.events.is_empty() {
            return Ok(page);
        }
        let mut over = self.clock.sleep(read.wait);
        loop {
            if page.seen >= page.head.position {
                tokio::select! {
                    () = &mut over => return Ok(page),
                    grown = self.grows(page.seen) => grown?,
                }
            }
            page = self.page(page.seen, &read).await?;
            if !page.events.is_empty() {
                return Ok(page);
            }
        }
    }
}
