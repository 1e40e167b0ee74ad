//! `flow show ID`: one business flow across all services, whether a saga leads it or policies only react
//! to each other. Every event says which flow it belongs to and what caused it.

mod pending;

use ondol_kernel::{CausationId, CorrelationId, Envelope, EventId, Id};
use ondol_runtime::{Home, Service};
use ondol_store::{EventStore, LogEpoch, ReadAll, ReadError};
use serde_json::json;

use super::failure::Failure;
use super::{App, serve, tables};
use crate::adapters::Adapters;
use crate::{Config, Output};

use pending::{Pending, pending};

/// How many events are read at a time.
const PAGE: usize = 5_000;

/// A service whose log can be seen from here.
struct Seen<'a> {
    service: &'a Service,
    home: Home,
    epoch: LogEpoch,
}

/// An event of the flow, and the service that recorded it.
struct Part {
    service: String,
    event: Envelope,
    /// The ids by which it is told to others.
    told: Vec<EventId>,
}

pub(super) fn run(app: &App, config: &Config, id: &str, output: Output) -> Result<(), Failure> {
    let id: CorrelationId = id
        .parse()
        .map_err(|error: ondol_kernel::IdError| failed("the id of the flow", error.into()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        let seen = seen(app, config).await?;
        let parts = gathered(&seen, id).await?;
        let pending = pending(&seen, &parts).await;
        let pending = pending.map_err(|error| failed("a log cannot be read", error.into()))?;
        Ok(write(id, &parts, &pending, output)?)
    })
}

fn write(
    id: CorrelationId,
    parts: &[Part],
    pending: &[Pending],
    output: Output,
) -> std::io::Result<()> {
    let values: Vec<_> = parts.iter().map(|part| told(part, parts)).collect();
    let rows: Vec<_> = parts.iter().map(|part| row(part, parts)).collect();
    let value = json!({ "flow": id, "events": values, "pending": pending });
    let head = ["TIME", "SERVICE", "POSITION", "STREAM", "WHAT", "BECAUSE OF"];
    tables::write(output, &value, head, &rows)?;
    if output == Output::Table && !pending.is_empty() {
        let rows: Vec<_> = pending.iter().map(Pending::row).collect();
        tables::write(output, &value, ["STILL TO COME", "BY", "BECAUSE OF"], &rows)?;
    }
    Ok(())
}

/// The services that have a log here.
async fn seen<'a>(app: &'a App, config: &Config) -> Result<Vec<Seen<'a>>, Failure> {
    let adapters = Adapters::new(config.clone());
    let mut seen = Vec::new();
    for hosted in app.services() {
        let service = hosted.service();
        let Some(home) = adapters.look(service.name()).await? else { continue };
        let head = home.ground.store.head().await;
        let head = head.map_err(|error| failed("a log cannot be read", error.into()))?;
        seen.push(Seen { service, home, epoch: head.epoch });
    }
    Ok(seen)
}

/// All events of the flow: none before one that it can have followed from, and those of one log
/// as they stand there.
async fn gathered(seen: &[Seen<'_>], id: CorrelationId) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for Seen { service, home, .. } in seen {
        let of_flow = of(&*home.ground.store, id).await;
        let of_flow = of_flow.map_err(|error| failed("a log cannot be read", error.into()))?;
        let mut youngest = ondol_kernel::Timestamp::EPOCH;
        for event in of_flow {
            // An event gets its time before it gets its place.
            youngest = youngest.max(event.metadata.time);
            let told = service.publications().filter(|one| one.tells_of(&event));
            let told = told.flat_map(|one| one.tell(event.clone())).map(|told| told.id).collect();
            parts.push((youngest, Part { service: service.name().to_owned(), event, told }));
        }
    }
    parts.sort_by_key(|(youngest, _)| *youngest);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
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

/// What an event was caused by: another one of the flow, by its type, or a message from outside.
fn cause(of: Option<CausationId>, parts: &[Part]) -> String {
    let Some(of) = of else { return String::new() };
    let is_of = |id: &EventId| id.of() == of;
    let found = parts.iter().find(|part| is_of(&part.event.id) || part.told.iter().any(is_of));
    let by_command =
        || parts.iter().find(|part| part.event.metadata.command.map(Id::of) == Some(of));
    found.or_else(by_command).map_or_else(|| of.to_string(), Part::name)
}

impl Part {
    fn name(&self) -> String {
        format!("{} at {} of {}", self.event.event_type, self.event.position, self.service)
    }
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
