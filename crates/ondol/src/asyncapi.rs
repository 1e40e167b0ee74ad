//! What the services of an app tell others, as an AsyncAPI 3 document: one channel a feed, one
//! message a type of event, all of them CloudEvents.

use ondol_runtime::{Description, EventDescription};
use serde_json::{Map, Value, json};

/// The version of AsyncAPI that is written.
const VERSION: &str = "3.0.0";
const ENVELOPE: &str = "#/components/schemas/CloudEvent";

/// The document of the feeds of some services.
pub(crate) fn document<'a>(
    (title, version): (&str, &str),
    described: impl IntoIterator<Item = &'a Description>,
) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for one in described.into_iter().filter(|one| !one.publishes.is_empty()) {
        let service = &one.service;
        let events: Vec<_> = one.publishes.iter().flat_map(|public| &public.events).collect();
        for event in &events {
            messages.insert(event.event_type.clone(), message(event));
        }
        channels.insert(service.clone(), channel(service, &events));
        operations.insert(format!("tell.{service}"), operation(service));
    }
    json!({
        "asyncapi": VERSION,
        "info": {
            "title": title,
            "version": version,
            "description": "What the services tell: feeds of public events, read by polling or \
                            as server-sent events. Every event names the position of the one told \
                            before it, so that a hole is seen, and read again.",
        },
        "defaultContentType": "application/cloudevents-batch+json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": { "CloudEvent": envelope() },
            "securitySchemes": {
                "service": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of a service of the house.",
                },
            },
        },
    })
}

fn channel(service: &str, events: &[&EventDescription]) -> Value {
    let messages: Map<String, Value> = events
        .iter()
        .map(|event| {
            let name = &event.event_type;
            (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }))
        })
        .collect();
    json!({
        "address": format!("/bus/{service}/feed"),
        "title": service,
        "description": "In the order of the service's log. `after` says what has been seen, `types` \
                        what is wanted, `limit` how much at a time, `wait_ms` how long to wait for \
                        something new; a reader that accepts text/event-stream is told for as long \
                        as it listens, and goes on after its Last-Event-ID.",
        "messages": messages,
    })
}

fn operation(service: &str) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{service}") },
        "security": [{ "$ref": "#/components/securitySchemes/service" }],
        "bindings": {
            "http": {
                "method": "GET",
                "bindingVersion": "0.3.0",
                "query": {
                    "type": "object",
                    "properties": {
                        "after": { "type": "integer", "minimum": 0 },
                        "types": { "type": "string" },
                        "limit": { "type": "integer", "minimum": 0 },
                        "wait_ms": { "type": "integer", "minimum": 0 },
                    },
                },
            },
        },
    })
}

fn message(event: &EventDescription) -> Value {
    json!({
        "name": event.event_type,
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [
                { "$ref": ENVELOPE },
                {
                    "type": "object",
                    "properties": {
                        "type": { "const": event.event_type },
                        "schemaversion": { "const": event.version },
                    },
                },
            ],
        },
    })
}

/// What every event has around its data.
fn envelope() -> Value {
    let text = || json!({ "type": "string" });
    let place = || json!({ "type": "string", "pattern": "^[0-9]+$" });
    json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "position", "previous"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text(),
            "source": text(),
            "type": text(),
            "subject": text(),
            "time": { "type": "string", "format": "date-time" },
            "datacontenttype": text(),
            "position": place(),
            "previous": place(),
            "part": { "type": "string", "pattern": "^[0-9]+/[0-9]+$" },
            "streamversion": place(),
            "schemaversion": { "type": "integer", "minimum": 1 },
            "correlationid": text(),
            "causationid": text(),
            "actor": text(),
            "traceparent": text(),
            "tenant": text(),
            "data": {},
            "data_base64": text(),
        },
    })
}
