//! One event, and what was decided about it.

use std::sync::Arc;

use ondol_bus::Feed;
use ondol_kernel::{EventType, Payload};
use ondol_trace::Watched;
use ondol_views::SourceName;
use tracing::Instrument as _;

use super::act::{Acted, Delivered};
use super::attend::{Attending, Poison};
use super::book::Book;
use super::decision::Decided;

/// A feed that a reaction follows.
#[derive(Debug, Clone)]
pub(crate) struct ReactionSource {
    /// What its checkpoint is kept under.
    pub(crate) name: SourceName,
    /// The feed.
    pub(crate) feed: Arc<dyn Feed>,
    /// The types of the events that are wanted.
    pub(crate) types: Vec<EventType>,
}

/// What everyone who deals with events needs.
#[derive(Debug)]
pub(super) struct Dealing {
    pub(super) attending: Attending,
    pub(super) book: Book,
    pub(super) sources: Vec<ReactionSource>,
}

impl Dealing {
    /// Deals with an event as it comes. Only when it fails is it looked up what was decided
    /// about it: hardly any fails.
    pub(super) async fn deal(&self, delivered: &Delivered) -> Result<Acted, Poison> {
        let event = &delivered.event;
        let (feed, kind) = (delivered.source.as_str(), event.event_type.as_str());
        let span = |origin| ondol_trace::delivery((feed, kind, event.position.get()), origin);
        let metadata = &event.metadata;
        let watched = Watched::begin(metadata.traceparent, metadata.correlation, span);
        let dealt = self.dealt(delivered).instrument(watched.span().clone()).await;
        watched.end(dealt.as_ref().err().map(|poison| code_of(&poison.reason)), span);
        dealt
    }

    async fn dealt(&self, delivered: &Delivered) -> Result<Acted, Poison> {
        match self.attending.attend(delivered).await {
            Ok(acted) => Ok(acted),
            Err(poison) => self.decided(delivered, Some(poison)).await,
        }
    }

    /// Deals with an event that was parked: what was decided about it comes first.
    pub(super) async fn deal_again(&self, delivered: &Delivered) -> Result<Acted, Poison> {
        self.decided(delivered, None).await
    }

    async fn decided(
        &self,
        delivered: &Delivered,
        poison: Option<Poison>,
    ) -> Result<Acted, Poison> {
        let found = self.book.decisions(&delivered.source, delivered.event.position).await;
        let decisions = found.map_err(|error| {
            let reason = format!("{}: {}", error.code(), crate::error_chain(&error));
            Poison { reason, tries: 1 }
        })?;
        match (decisions.in_force(), poison) {
            (Some(Decided::Skip), _) => Ok(Acted::default()),
            (Some(Decided::Edit { data, .. }), _) => {
                let mut delivered = delivered.clone();
                Arc::make_mut(&mut delivered.event).data = Payload::json(data.get().to_owned());
                self.attending.attend(&delivered).await
            }
            (_, Some(poison)) => Err(poison),
            (_, None) => self.attending.attend(delivered).await,
        }
    }
}

/// A reason begins with its code.
fn code_of(reason: &str) -> &str {
    reason.split_once(':').map_or(reason, |(code, _said)| code)
}
