//! The event that stands for one that cannot be told.
//!
//! It says of which stream it is and nothing else. Whoever reads the feed lets that stream wait;
//! once the service has been mended, the same position reads as what it should have been.

use ondol_kernel::{
    Envelope, EventId, EventType, Metadata, Payload, Position, SchemaVersion, StreamId, Timestamp,
    Version,
};

/// The type of the event that stands for one that cannot be told.
pub const UNTOLD: &str = "$untold";

/// Whether an event stands for one that cannot be told.
pub fn is_untold(event: &Envelope) -> bool {
    event.event_type.as_str() == UNTOLD
}

/// What is told of an event that cannot be told.
pub(super) fn untold(
    kind: &str,
    position: Position,
    version: Version,
    id: EventId,
    inner: &StreamId,
    time: Timestamp,
) -> Vec<Envelope> {
    let stream = StreamId::new(kind, inner.key()).unwrap_or_else(|_kind| inner.clone());
    vec![Envelope {
        position,
        stream,
        version,
        id: EventId::derived(id, UNTOLD),
        event_type: EventType::new(UNTOLD).expect("the name keeps the rules of a name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata { time, causation: Some(id.of()), ..Metadata::default() },
        data: Payload::json("null"),
    }]
}
