//! Facts go into the log and come back.

use std::sync::Arc;

use ondol_bus::About as Surrounds;
use ondol_domain::Encoded;
use ondol_kernel::{CausationId, CommandId, EventId, Metadata, NewEvent, Timestamp};
use ondol_runtime::Ground;
use ondol_store::{Append, AppendError, Expected};

use super::{FactCodec, StartSagaError};
use crate::{Fact, Instance, Transition};

/// Writes facts and reads them.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) ground: Ground,
    pub(super) codec: Arc<FactCodec>,
}

impl Recorder {
    pub(super) fn new(ground: Ground, codec: FactCodec) -> Self {
        Self { ground, codec: Arc::new(codec) }
    }

    /// Records that a saga was started; false if it had been.
    pub(super) async fn start(
        &self,
        begun: &Transition,
        about: &Surrounds,
    ) -> Result<bool, StartSagaError> {
        let cause = about.causation.unwrap_or_else(|| about.command.of());
        let mut events = self.events(begun, Some(cause))?;
        for event in &mut events {
            event.metadata.actor.clone_from(&about.actor);
        }
        let append = Append::to(begun.instance.stream.clone(), Expected::NoStream, events);
        match self.ground.store.append(append).await {
            Ok(_) => Ok(true),
            Err(AppendError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Records what happened next, in one piece, unless others have written in between.
    pub(super) async fn record(
        &self,
        before: &Instance,
        transition: &Transition,
        cause: Option<CommandId>,
    ) -> Result<(), AppendError> {
        let cause = cause.map(|command| asked_event(command).of());
        let events = self.events(transition, cause).map_err(unwritable)?;
        let expected = Expected::Exactly(before.version);
        let append = Append::to(before.stream.clone(), expected, events);
        self.ground.store.append(append).await.map(|_appended| ())
    }

    fn events(
        &self,
        transition: &Transition,
        cause: Option<CausationId>,
    ) -> Result<Vec<NewEvent>, StartSagaError> {
        let time = transition.instance.changed;
        let about = &transition.instance;
        let facts = transition.facts.iter();
        facts.map(|fact| self.event(fact, time, about, cause)).collect()
    }

    fn event(
        &self,
        fact: &Fact,
        time: Timestamp,
        about: &Instance,
        cause: Option<CausationId>,
    ) -> Result<NewEvent, StartSagaError> {
        let Encoded { event_type, schema_version, payload } =
            self.codec.encode(fact).map_err(|error| {
                StartSagaError::Data(<serde_json::Error as serde::ser::Error>::custom(error))
            })?;
        let id = match fact {
            Fact::Asked { question, .. } | Fact::UndoAsked { question, .. } => {
                asked_event(question.command)
            }
            _ => self.ground.rng.id(time),
        };
        let metadata = Metadata {
            time,
            correlation: about.correlation,
            causation: cause,
            tenant: about.tenant.clone(),
            traceparent: about.traceparent,
            ..Metadata::default()
        };
        Ok(NewEvent { id, event_type, schema_version, metadata, data: payload })
    }
}

/// The event that records that a question is asked: what whoever is asked does is caused by it.
pub(super) fn asked_event(command: CommandId) -> EventId {
    EventId::derived(command, "asked")
}

fn unwritable(error: StartSagaError) -> AppendError {
    AppendError::Unavailable(Box::new(error))
}
