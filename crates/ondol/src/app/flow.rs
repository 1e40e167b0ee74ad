//! `flow ID`: one business flow across all services, whether a saga led it or policies only reacted
//! to each other. Every event says which flow it belongs to and what caused it.

use std::collections::BTreeSet;

use ondol_kernel::{CausationId, CorrelationId, Envelope, Id};
use ondol_saga::SAGA_KIND;
use ondol_store::{EventStore, ReadAll, ReadError};
use serde_json::json;

use super::failure::Failure;
use super::{App, serve, tables};
use crate::adapters::Adapters;
use crate::{Config, Output};

/// How many events are read at a time.
const PAGE: usize = 5_000;

/// An event of the flow, and the service that recorded it.
struct Part {
    service: String,
    event: Envelope,
}

pub(super) fn run(app: &App, config: &Config, id: &str, output: Output) -> Result<(), Failure> {
    let id: CorrelationId = id
        .parse()
        .map_err(|error: ondol_kernel::IdError| failed("the id of the flow", error.into()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    let parts = runtime.block_on(gathered(app, config, id))?;
    let values: Vec<_> = parts.iter().map(|part| told(part, &parts)).collect();
    let rows: Vec<_> = parts.iter().map(|part| row(part, &parts)).collect();
    let pending: Vec<_> = pending(&parts).into_iter().collect();
    let value = json!({ "flow": id, "events": values, "pending": pending });
    let head = ["TIME", "SERVICE", "POSITION", "STREAM", "WHAT", "BECAUSE OF"];
    tables::write(output, &value, head, &rows)?;
    if output == Output::Table && !pending.is_empty() {
        let rows: Vec<_> = pending.into_iter().map(|stream| [stream]).collect();
        tables::write(output, &value, ["STILL TO END"], &rows)?;
    }
    Ok(())
}

/// All events of the flow, by time; those of one log stand as they stand there.
async fn gathered(app: &App, config: &Config, id: CorrelationId) -> Result<Vec<Part>, Failure> {
    let adapters = Adapters::new(config.clone());
    let mut parts = Vec::new();
    for hosted in app.services() {
        let service = hosted.service.name();
        let home = adapters.home(service).await?;
        let of_flow = of(&*home.ground.store, id).await;
        let of_flow = of_flow.map_err(|error| failed("a log cannot be read", error.into()))?;
        parts.extend(of_flow.into_iter().map(|event| Part { service: service.to_owned(), event }));
    }
    parts.sort_by_key(|part| (part.event.metadata.time, part.event.position));
    Ok(parts)
}

async fn of(store: &dyn EventStore, id: CorrelationId) -> Result<Vec<Envelope>, ReadError> {
    let mut found = Vec::new();
    let mut after = ondol_kernel::Position::START;
    loop {
        let page = store.read_all(ReadAll::after(after, PAGE)).await?;
        found
            .extend(page.events.into_iter().filter(|event| event.metadata.correlation == Some(id)));
        if page.seen >= page.head {
            return Ok(found);
        }
        after = page.seen;
    }
}

/// The sagas of the flow that have not come to their end.
fn pending(parts: &[Part]) -> BTreeSet<String> {
    let sagas = parts.iter().filter(|part| part.event.stream.kind() == SAGA_KIND);
    let mut open = BTreeSet::new();
    for Part { event, .. } in sagas {
        let stream = event.stream.to_string();
        if matches!(event.event_type.as_str(), "saga.completed" | "saga.compensated") {
            open.remove(&stream);
        } else {
            open.insert(stream);
        }
    }
    open
}

/// What an event was caused by: another one of the flow, by its type, or a message from outside.
fn cause(of: Option<CausationId>, parts: &[Part]) -> String {
    let Some(of) = of else { return String::new() };
    let found = parts.iter().find(|part| part.event.id.of() == of);
    let by_command =
        || parts.iter().find(|part| part.event.metadata.command.map(Id::of) == Some(of));
    found.or_else(by_command).map_or_else(
        || of.to_string(),
        |part| format!("{} at {} of {}", part.event.event_type, part.event.position, part.service),
    )
}

fn row(part: &Part, parts: &[Part]) -> [String; 6] {
    let event = &part.event;
    [
        event.metadata.time.to_string(),
        part.service.clone(),
        event.position.to_string(),
        event.stream.to_string(),
        event.event_type.to_string(),
        cause(event.metadata.causation, parts),
    ]
}

fn told(part: &Part, parts: &[Part]) -> serde_json::Value {
    let event = &part.event;
    json!({
        "time": event.metadata.time,
        "service": part.service,
        "position": event.position,
        "stream": event.stream.to_string(),
        "type": event.event_type.to_string(),
        "id": event.id,
        "causation": event.metadata.causation,
        "because_of": cause(event.metadata.causation, parts),
    })
}

fn failed(what: &'static str, source: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    Failure::Process { what, source }
}
