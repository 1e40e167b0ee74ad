//! What can be asked and ordered of a reaction, from anywhere in the process.

use std::sync::Arc;

use ondol_bus::ReadFeed;
use ondol_domain::json::value::RawValue;
use ondol_kernel::{Actor, ContentType, Envelope, Position, Timestamp};
use ondol_views::{Parked, SourceName, Unit};
use tokio::sync::{mpsc, oneshot, watch};

use super::book::{Book, BookError};
use super::deal::ReactionSource;
use super::decision::{Decided, Decision, Decisions};
use super::parked::lane_of;
use super::{ReactionProgress, Sent};

/// What is ordered of the one who runs.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) unit: Unit,
    pub(super) by: Actor,
    pub(super) what: Decided,
    pub(super) answer: oneshot::Sender<Result<Mended, MendError>>,
}

/// What came of trying again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// What is in the way now; nothing, if the stream flows again.
    pub parked: Option<Parked>,
}

/// Why nothing was mended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MendError {
    /// It is not parked.
    #[error("{unit} is not parked")]
    NotParked {
        /// What was asked for.
        unit: Unit,
    },
    /// The event in the way cannot be had.
    #[error("the event that is in the way of {unit} cannot be had at present")]
    NoEvent {
        /// What was asked for.
        unit: Unit,
    },
    /// The event's data is not JSON, or what is to take its place is not.
    #[error("only data that is JSON can be edited")]
    NotJson,
    /// The decision could not be kept.
    #[error("the decision could not be kept")]
    Kept(#[from] BookError),
    /// Nobody runs the reaction at present.
    #[error("the reaction is not running at present")]
    NotRunning,
    /// Another process of the service runs the reaction.
    #[error("the reaction runs in another process of the service")]
    Elsewhere,
}

impl MendError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotParked { .. } => "parked-not-found",
            Self::NoEvent { .. } => "parked-event-missing",
            Self::NotJson => "parked-not-json",
            Self::Kept(error) => error.code(),
            Self::NotRunning => "reaction-not-running",
            Self::Elsewhere => "reaction-elsewhere",
        }
    }
}

/// A parked stream, with the event that is in the way.
#[derive(Debug, Clone)]
pub struct ParkedEvent {
    /// How it is parked.
    pub parked: Parked,
    /// The event, if it can be had.
    pub event: Option<Envelope>,
    /// Where the events stand that wait, as far as they are kept by position.
    pub waiting: Vec<Position>,
    /// What was decided about it.
    pub decisions: Vec<Decision>,
}

/// What can be asked and ordered of a reaction. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReactionControl {
    pub(super) name: &'static str,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) progress: watch::Receiver<ReactionProgress>,
    pub(super) book: Book,
    pub(super) sources: Arc<[ReactionSource]>,
}

impl ReactionControl {
    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How it stands.
    pub fn progress(&self) -> ReactionProgress {
        self.progress.borrow().clone()
    }

    /// Tells whenever it stands otherwise.
    pub fn watch(&self) -> watch::Receiver<ReactionProgress> {
        self.progress.clone()
    }

    /// What is parked, after one of them, at most so many.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn parked(
        &self,
        after: Option<Unit>,
        limit: usize,
    ) -> Result<Vec<Parked>, BookError> {
        self.book.parked_page(after, limit).await
    }

    /// One parked stream, with the event that is in the way.
    ///
    /// # Errors
    /// When it is not parked or cannot be read.
    pub async fn show(&self, unit: &Unit) -> Result<ParkedEvent, MendError> {
        let all = self.book.parked().await?;
        let found = all.into_iter().find(|parked| parked.unit == *unit);
        let parked = found.ok_or_else(|| MendError::NotParked { unit: unit.clone() })?;
        let waiting = self.book.waiting(unit).await?;
        let waiting = waiting.into_iter().map(|one| one.position).collect();
        let Decisions { decisions, .. } =
            self.book.decisions(&parked.source, parked.position).await?;
        Ok(ParkedEvent { event: self.event(&parked).await, parked, waiting, decisions })
    }

    /// Tries again what is parked, and then what waits behind it.
    ///
    /// # Errors
    /// When it is not parked. Being in the way still is no error.
    pub async fn retry(&self, unit: Unit, by: Actor) -> Result<Mended, MendError> {
        self.order(unit, by, Decided::Retry).await
    }

    /// Leaves out the event that is in the way, for good, and goes on with what waits behind it.
    ///
    /// # Errors
    /// When it is not parked, or the decision could not be kept.
    pub async fn skip(&self, unit: Unit, by: Actor) -> Result<Mended, MendError> {
        self.order(unit, by, Decided::Skip).await
    }

    /// Deals with the event that is in the way as if this were its data.
    ///
    /// # Errors
    /// When it is not parked, the data is not JSON, or the decision could not be kept.
    pub async fn edit(&self, unit: Unit, by: Actor, data: &str) -> Result<Mended, MendError> {
        let parsed = RawValue::from_string(data.to_owned());
        let data = parsed.map_err(|_not_json| MendError::NotJson)?;
        let shown = self.show(&unit).await?;
        let event = shown.event.ok_or_else(|| MendError::NoEvent { unit: unit.clone() })?;
        let is_json = event.data.content_type == ContentType::Json;
        let was = String::from_utf8(event.data.bytes.to_vec()).ok().filter(|_text| is_json);
        let was = was.and_then(|text| RawValue::from_string(text).ok());
        let was = was.ok_or(MendError::NotJson)?;
        self.order(unit, by, Decided::Edit { data, was }).await
    }

    /// What people have decided, by the places of the events, at most so many.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn decisions(
        &self,
        limit: usize,
    ) -> Result<Vec<(Position, Vec<Decision>)>, BookError> {
        let found = self.book.list::<Decisions>("decision/", limit).await?;
        Ok(found.into_iter().map(|(_, one)| (one.position, one.decisions)).collect())
    }

    /// What an effect's ledger says was sent, in the order of the ids, at most so many.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sent(&self, limit: usize) -> Result<Vec<Sent>, BookError> {
        let found = self.book.list::<Sent>("sent/", limit).await?;
        Ok(found.into_iter().map(|(_, sent)| sent).collect())
    }

    async fn order(&self, unit: Unit, by: Actor, what: Decided) -> Result<Mended, MendError> {
        let (answer, answered) = oneshot::channel();
        let order = Order { unit, by, what, answer };
        self.orders.send(order).await.map_err(|_gone| MendError::NotRunning)?;
        answered.await.map_err(|_gone| MendError::NotRunning)?
    }

    async fn event(&self, parked: &Parked) -> Option<Envelope> {
        let names: Vec<SourceName> = self.sources.iter().map(|one| one.name.clone()).collect();
        let (at, stream) = lane_of(&names, &parked.unit)?;
        let source = self.sources.get(at)?;
        let before = parked.position.previous().unwrap_or_default();
        let read = ReadFeed::after(before, 10).only(source.types.clone());
        let page = source.feed.read(read).await.ok()?;
        let events = page.events.into_iter().map(|published| published.event);
        events
            .filter(|event| event.position == parked.position)
            .find(|event| event.stream == stream)
            .map(Arc::unwrap_or_clone)
    }
}

/// A decision that somebody has made now.
pub(super) fn decision(by: Actor, at: Timestamp, what: Decided, reason: &str) -> Decision {
    Decision { by, at, what, reason: reason.to_owned() }
}
