//! The feed of a service that runs in this process, straight from its log.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_kernel::{Envelope, EventType, Position};
use ondol_store::{EventStore, Filter, Head, Page, ReadAll, ReadError};

use super::{Feed, FeedError, FeedPage, Part, Published, ReadFeed};
use crate::{Publication, is_untold};

/// Events that are translated before others get their turn.
const TELL_EVENTS_MAX: usize = 1_000;

/// A feed that is read from the service's own log.
#[derive(Debug, Clone)]
pub struct LogFeed {
    service: Arc<str>,
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    told: Told,
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
        Self { service: service.into(), log, clock, told: Told::Public(publications.into()) }
    }

    /// A service's own events as they are, for its own policies and sagas. They never leave it.
    pub fn own(
        service: impl Into<Arc<str>>,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { service: service.into(), log, clock, told: Told::AsTheyAre }
    }

    async fn page(&self, after: Position, read: &ReadFeed) -> Result<FeedPage, FeedError> {
        let types = match &self.told {
            Told::AsTheyAre => read.types.clone(),
            Told::Public(all) => all.iter().flat_map(|one| one.types().iter().cloned()).collect(),
        };
        let limit = read.limit.min(TELL_EVENTS_MAX);
        let asked = ReadAll::after(after, limit).only(Filter { types, ..Filter::default() });
        let page = self.log.read_all(asked).await.map_err(|error| self.failed(error))?;
        Ok(self.told(read, page))
    }

    fn told(&self, read: &ReadFeed, page: Page) -> FeedPage {
        let epoch = self.log.watch().borrow().epoch;
        let mut events = Vec::with_capacity(page.events.len());
        let mut previous = read.after;
        for event in page.events {
            let position = event.position;
            if let Told::AsTheyAre = self.told {
                events.push(Published { previous, part: Part::ONLY, event });
                previous = position;
                continue;
            }
            let told = self.tell(event, &read.types);
            let of = u32::try_from(told.len()).unwrap_or(u32::MAX);
            for (nth, event) in (1..).zip(told) {
                events.push(Published { previous, part: Part { nth, of }, event });
            }
            if of > 0 {
                previous = position;
            }
        }
        FeedPage { events, seen: page.seen, head: Head { epoch, position: page.head } }
    }

    /// What is told of an inner event, as far as it is wanted.
    fn tell(&self, event: Envelope, wanted: &[EventType]) -> Vec<Envelope> {
        let Told::Public(publications) = &self.told else { return vec![event] };
        let is_wanted = |event: &Envelope| {
            wanted.is_empty() || wanted.contains(&event.event_type) || is_untold(event)
        };
        let mut telling = publications.iter().filter(|one| one.tells_of(&event)).peekable();
        let mut told = Vec::new();
        while let Some(one) = telling.next() {
            if telling.peek().is_none() {
                told.extend(one.tell(event).into_iter().filter(is_wanted));
                break;
            }
            told.extend(one.tell(event.clone()).into_iter().filter(is_wanted));
        }
        told
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

#[async_trait]
impl Feed for LogFeed {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let mut grown = self.log.watch();
        let mut page = self.page(read.after, &read).await?;
        if read.wait == Duration::ZERO || read.limit == 0 || !page.events.is_empty() {
            return Ok(page);
        }
        let mut over = self.clock.sleep(read.wait);
        loop {
            if page.seen >= page.head.position {
                let seen = page.seen;
                let more = grown.wait_for(|head| head.position > seen);
                tokio::select! {
                    () = &mut over => return Ok(page),
                    closed = more => {
                        let service = || self.service.to_string();
                        closed.map(drop).map_err(|closed| FeedError::Unreachable {
                            service: service(),
                            source: closed.into(),
                        })?;
                    }
                }
            }
            page = self.page(page.seen, &read).await?;
            if !page.events.is_empty() {
                return Ok(page);
            }
        }
    }
}
