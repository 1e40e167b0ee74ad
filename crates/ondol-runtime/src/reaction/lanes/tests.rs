//! Events of one stream one after the other.

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, Version,
};

use super::*;

fn event(stream: &str, position: u64) -> (LaneKey, Arc<Envelope>) {
    let stream: StreamId = stream.parse().unwrap();
    let event = NewEvent {
        id: EventId::from_u128(u128::from(position)),
        event_type: EventType::new("a.b").unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json("null"),
    };
    let event = event.recorded(stream.clone(), Version::new(1), Position::new(position));
    ((0, stream), Arc::new(event))
}

#[test]
fn of_one_stream_one_event_at_a_time_is_given_out_in_order() {
    let mut lanes = Lanes::default();
    for (stream, position) in [("a:1", 1), ("a:1", 2), ("a:2", 3)] {
        let (key, event) = event(stream, position);
        lanes.hold(key, event);
    }
    let (first, one) = lanes.next().unwrap();
    let (_, three) = lanes.next().unwrap();
    assert_eq!((one.position.get(), three.position.get()), (1, 3));
    assert!(lanes.next().is_none(), "a:1 is busy");
    assert_eq!(lanes.held(), 1);
    lanes.is_free(first);
    assert_eq!(lanes.next().unwrap().1.position.get(), 2);
}
