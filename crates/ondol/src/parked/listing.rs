//! What is parked, as it is told.

use ondol_runtime::{ParkedEvent, Running};
use ondol_views::{LoadError, Parked};
use serde_json::{Value, json};

use super::ParkedBody;

/// How many are told of one view, policy or effect.
const TOLD_MAX: usize = 1_000;

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error(transparent)]
    View(#[from] LoadError),
    #[error(transparent)]
    Reaction(#[from] ondol_runtime::BookError),
}

/// Everything that is parked in a service.
pub(super) async fn of(running: &Running) -> Result<Vec<ParkedBody>, ListError> {
    let service = &running.description().service;
    let mut all = Vec::new();
    for control in running.reactions() {
        let parked = control.parked(None, TOLD_MAX).await?;
        all.extend(parked.iter().map(|one| told(service, control.name(), one)));
    }
    for standing in running.views() {
        let Some(serving) = standing.builds.first() else { continue };
        let parked = running.home().views.parked(&serving.view, None, TOLD_MAX).await?;
        all.extend(parked.iter().map(|one| told(service, &standing.view, one)));
    }
    Ok(all)
}

pub(super) fn told(service: &str, name: &str, parked: &Parked) -> ParkedBody {
    ParkedBody {
        service: service.to_owned(),
        name: name.to_owned(),
        unit: parked.unit.to_string(),
        source: parked.source.to_string(),
        position: parked.position.get(),
        reason: parked.reason.clone(),
        tries: parked.tries,
        since: parked.since.to_string(),
        waiting: parked.waiting,
        and_more: parked.is_open,
    }
}

/// One that is parked, with the event that is in the way, and what was decided about it.
pub(super) fn shown(service: &str, name: &str, shown: &ParkedEvent) -> Value {
    let event = shown.event.as_ref().map(|event| {
        let data: Value = serde_json::from_slice(&event.data.bytes).unwrap_or_default();
        json!({
            "id": event.id,
            "type": event.event_type,
            "stream": event.stream,
            "time": event.metadata.time,
            "data": data,
        })
    });
    json!({
        "parked": told(service, name, &shown.parked),
        "event": event,
        "waiting": shown.waiting,
        "decisions": shown.decisions,
    })
}
