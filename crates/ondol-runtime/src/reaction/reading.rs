//! What a policy reads before it says anything: one document of a view of its own service.

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::ReadsView;
use ondol_doors::Clock;
use ondol_kernel::Envelope;
use ondol_views::{
    Checkpoint, DocumentKey, NameError, SourceCheckpoint, Target, ViewName, ViewStore, WaitError,
    checkpoint_of, wait_for,
};

use super::act::{Delivered, Fault};
use super::policy::unreadable;
use crate::error_chain;
use crate::service::Home;

/// How long the view is waited for at a time; then it is told that it is behind, and waited for
/// again.
const WAIT: Duration = Duration::from_secs(2);

/// Where a policy reads.
#[derive(Debug)]
pub(crate) struct Reading {
    reads: ReadsView,
    view: Target,
    views: Arc<dyn ViewStore>,
    clock: Arc<dyn Clock>,
}

impl Reading {
    pub(super) fn of(reads: ReadsView, home: &Home) -> Result<Self, NameError> {
        let view = Target::Serving(ViewName::new(reads.view)?);
        let (views, clock) = (Arc::clone(&home.views), Arc::clone(&home.ground.clock));
        Ok(Self { reads, view, views, clock })
    }

    /// The document that is to be looked at because of an event, once the view has come as far as
    /// the event; nothing, if there is none.
    pub(super) async fn document(&self, delivered: &Delivered) -> Result<Option<String>, Fault> {
        let key = self.reads.key(Envelope::clone(&delivered.event));
        let key = key.map_err(|error| Fault::Never(unreadable(&error)))?;
        let Some(key) = key else { return Ok(None) };
        let key = DocumentKey::new(key)
            .map_err(|error| Fault::Never(format!("policy-unreadable: {}", error_chain(&error))))?;
        self.caught_up(delivered).await?;
        let found = self.views.get(&self.view, &key).await;
        let (_, document) = found.map_err(|error| behind(&error, error.code()))?;
        Ok(document.map(|document| document.json))
    }

    /// Waits until the view has folded in the event, if it is folded from that log at all.
    async fn caught_up(&self, delivered: &Delivered) -> Result<(), Fault> {
        let found = self.views.checkpoints(&self.view).await;
        let (_, known) = found.map_err(|error| behind(&error, error.code()))?;
        if checkpoint_of(&known, &delivered.source).is_none() {
            return Ok(());
        }
        let checkpoint = Checkpoint { epoch: delivered.epoch, position: delivered.event.position };
        let asked = SourceCheckpoint { source: delivered.source.clone(), checkpoint };
        let (views, clock) = (self.views.as_ref(), self.clock.as_ref());
        let waited = wait_for(views, clock, &self.view, &asked, WAIT).await;
        waited.map(drop).map_err(|error| match error {
            WaitError::Fault(fault) => Fault::Fails(error_chain(&fault)),
            error => behind(&error, error.code()),
        })
    }
}

/// A view that cannot be read yet can be later.
fn behind(error: &dyn std::error::Error, code: &str) -> Fault {
    Fault::Passes(format!("{code}: {}", error_chain(error)))
}
