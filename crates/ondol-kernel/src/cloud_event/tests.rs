//! What goes out as a CloudEvent comes back the same, byte for byte.

use proptest::prelude::*;

use super::*;
use crate::{CommandId, EventId, Payload, SchemaVersion};

fn envelope(content_type: &str, bytes: Vec<u8>, tags: Vec<String>) -> Envelope {
    Envelope {
        position: Position::new(u64::MAX),
        stream: "account:kim".parse().expect("a stream"),
        version: Version::new(7),
        id: EventId::from_u128(1),
        event_type: "account.deposited".parse().expect("a type"),
        schema_version: SchemaVersion::new(3),
        metadata: Metadata {
            time: "2026-01-31T09:30:00.123456Z".parse().expect("a moment"),
            command: Some(CommandId::from_u128(2)),
            actor: Some("김민지".parse().expect("a name")),
            tags: tags.into_iter().map(|tag| tag.parse().expect("a tag")).collect(),
            ..Metadata::default()
        },
        data: Payload { content_type: content_type.parse().expect("a type"), bytes: bytes.into() },
    }
}

fn there_and_back(event: &Envelope) -> Envelope {
    let line = serde_json::to_string(&CloudEvent::from_envelope(event, "/bank.account"))
        .expect("a CloudEvent is written");
    assert!(!line.contains('\n'), "an event is one line");
    let read: CloudEvent = serde_json::from_str(&line).expect("a CloudEvent is read");
    read.into_envelope().expect("what the house wrote, it reads")
}

#[test]
fn json_data_travels_as_json() {
    let event = envelope("application/json", br#"{"amount":"1000"}"#.to_vec(), vec![]);
    let json = serde_json::to_value(CloudEvent::from_envelope(&event, "/bank.account"))
        .expect("a CloudEvent is written");
    assert_eq!(json["specversion"], "1.0");
    assert_eq!(json["source"], "/bank.account");
    assert_eq!(json["type"], "account.deposited");
    assert_eq!(json["subject"], "account:kim");
    assert_eq!(json["time"], "2026-01-31T09:30:00.123456Z");
    assert_eq!(json["position"], "18446744073709551615");
    assert_eq!(json["data"]["amount"], "1000");
    assert_eq!(there_and_back(&event), event);
}

#[test]
fn data_that_json_would_change_travels_in_base64() {
    for data in ["{\n}", " {}", "{} ", "", "not json", "{\"a\":1}{"] {
        let event = envelope("application/json", data.into(), vec![]);
        assert_eq!(there_and_back(&event), event, "{data:?} was changed");
    }
    let exact =
        envelope("application/json", br#"{"n":1e400,"m":9007199254740993.10}"#.to_vec(), vec![]);
    assert_eq!(there_and_back(&exact), exact, "numbers are not rounded");
}

#[test]
fn what_is_not_an_event_of_the_house_is_refused() {
    let good = r#"{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000001","source":"/x","type":"t","subject":"a:b","position":"1","streamversion":"1"}"#;
    let read = |json: &str| {
        serde_json::from_str::<CloudEvent>(json)
            .map_err(|error| error.to_string())
            .and_then(|event| event.into_envelope().map_err(|error| error.to_string()))
    };
    assert!(read(good).is_ok());
    for (from, to) in [
        ("\"1.0\"", "\"0.3\""),
        ("\"a:b\"", "\"a\""),
        ("\"position\":\"1\"", "\"position\":\"-1\""),
        ("\"position\":\"1\"", "\"position\":\"x\""),
        (",\"streamversion\":\"1\"", ""),
        ("000000000001", "00000000000z"),
        ("\"type\":\"t\"", "\"type\":\"\""),
        ("\"type\":\"t\"", "\"type\":\"t\",\"data\":1,\"data_base64\":\"AA==\""),
        ("\"type\":\"t\"", "\"type\":\"t\",\"data_base64\":\"A\""),
        ("\"type\":\"t\"", "\"type\":\"t\",\"traceparent\":\"00-0-0-00\""),
    ] {
        assert!(good.contains(from), "{from} is in the good one");
        assert!(read(&good.replace(from, to)).is_err(), "{to} was taken");
    }
}

proptest! {
    #[test]
    fn any_event_comes_back_the_same(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "\\PC{0,40}",
        json in any::<bool>(),
        tags in prop::collection::vec("[a-z%,:2C5 ]{1,20}", 0..4),
    ) {
        let content_type = if json { "application/json" } else { "application/octet-stream" };
        for data in [bytes, text.clone().into_bytes(), format!("{text:?}").into_bytes()] {
            let event = envelope(content_type, data, tags.clone());
            prop_assert_eq!(there_and_back(&event), event);
        }
    }
}
