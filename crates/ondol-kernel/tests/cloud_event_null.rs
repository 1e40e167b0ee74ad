//! Data that is `null` is data: it comes back from a CloudEvent like any other.

use ondol_kernel::{
    CloudEvent, EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId,
    Version,
};

#[test]
fn data_that_is_null_comes_back_as_null_and_not_as_nothing() {
    for data in ["null", ""] {
        let event = NewEvent {
            id: EventId::from_u128(1),
            event_type: EventType::new("thing.happened").expect("a good name"),
            schema_version: SchemaVersion::FIRST,
            metadata: Metadata::default(),
            data: Payload::json(data),
        };
        let stream = StreamId::new("thing", 1).expect("a good name");
        let event = event.recorded(stream, Version::new(1), Position::new(1));
        let text = serde_json::to_string(&CloudEvent::from_envelope(&event, "/test"))
            .expect("a CloudEvent is JSON");
        let read: CloudEvent = serde_json::from_str(&text).expect("it was written as one");
        assert_eq!(read.into_envelope().expect("it is one of ours"), event, "{text}");
    }
}
