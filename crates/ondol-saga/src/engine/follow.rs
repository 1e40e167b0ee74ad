//! Events from outside reach the sagas that they are about.

use ondol_bus::About as Surrounds;
use ondol_kernel::{CommandId, Envelope};

use super::{HearError, Sagas};
use crate::machine::Input;
use crate::{Definition, saga_stream};

/// Starts what an event starts, and lets those hear it that it is about.
pub(super) async fn hear(sagas: &Sagas, event: &Envelope) -> Result<(), HearError> {
    for definition in sagas.inner.definitions.all_newest() {
        heard_by(sagas, &**definition, event).await?;
    }
    Ok(())
}

/// The same for the sagas of one definition.
pub(super) async fn heard_by(
    sagas: &Sagas,
    definition: &dyn Definition,
    event: &Envelope,
) -> Result<(), HearError> {
    let sources = definition.sources();
    if !sources.iter().any(|source| source.types.contains(&event.event_type)) {
        return Ok(());
    }
    let saga = definition.shape().name.clone();
    let unreadable = |source| HearError::Unreadable { saga: saga.clone(), source };
    for (at, data) in definition.starts(event).map_err(unreadable)?.into_iter().enumerate() {
        // One that has no identity of its own is told apart by the event.
        let command = CommandId::derived(event.id, &format!("{saga} {at}"));
        sagas.start_known(&saga, data, &Surrounds::following(event, command)).await?;
    }
    for identity in definition.about(event).map_err(unreadable)? {
        let Ok(stream) = saga_stream(&saga, &identity) else { continue };
        let Some(instance) = sagas.find(&stream).await.map_err(super::OrderSagaError::Load)? else {
            continue;
        };
        if instance.is_ended() || instance.heard.contains(&event.id) {
            continue;
        }
        sagas.inner.take(instance, &Input::Heard(Box::new(event.clone()))).await?;
        sagas.inner.attend(&stream);
    }
    Ok(())
}
