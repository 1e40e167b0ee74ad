//! Which events are read together, and which are passed over.

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, Recorded, SchemaVersion, StreamId,
    Version,
};
use serde::{Deserialize, Serialize};

use super::EventSet;
use crate::{Facts, ShapeProblem, Upcasts};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Account {
    Opened,
}

impl Facts for Account {
    const KIND: &'static str = "account";
    fn upcasts() -> Upcasts {
        Upcasts::none().rename("begun", 1, "opened", 1)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Alert {
    reason: String,
}

impl Facts for Alert {
    const KIND: &'static str = "bank.fraud";
    const SERVICE: Option<&'static str> = Some("bank.fraud");
}

crate::event_set! {
    /// Two kinds.
    enum Both { Account(Account), Alert(Alert) }
}

crate::event_set! {
    /// One kind twice.
    enum Twice { One(Account), Other(Account) }
}

fn envelope(event_type: &str, json: &str) -> Recorded {
    NewEvent {
        id: EventId::from_u128(1),
        event_type: EventType::new(event_type).unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(json.to_owned()),
    }
    .recorded(StreamId::new("account", 1).unwrap(), Version::new(1), Position::new(1))
}

#[test]
fn a_set_reads_what_belongs_to_it_and_passes_over_the_rest() {
    let reader = Both::reader().unwrap();
    let read = |name, json| reader.read(envelope(name, json)).unwrap().map(|event| event.data);
    assert_eq!(read("account.opened", "{}"), Some(Both::Account(Account::Opened)));
    assert_eq!(read("account.begun", "{}"), Some(Both::Account(Account::Opened)));
    let alert = Alert { reason: "x".into() };
    assert_eq!(read("bank.fraud.alert", r#"{"reason":"x"}"#), Some(Both::Alert(alert)));
    assert_eq!(read("loan.repaid", "{}"), None);
    assert!(reader.read(envelope("bank.fraud.alert", "{}")).is_err());
}

#[test]
fn a_set_says_where_its_events_come_from() {
    let sources = Both::reader().unwrap().sources().to_vec();
    assert_eq!(sources[0].service, None);
    assert_eq!(sources[0].types.len(), 2);
    assert_eq!(sources[1].service, Some("bank.fraud"));
}

#[test]
fn a_type_belongs_to_one_part_of_a_set() {
    let problems = Twice::reader().unwrap_err().found;
    let same = |name| ShapeProblem::SameName { event_type: EventType::new(name).unwrap() };
    assert_eq!(problems, [same("account.begun"), same("account.opened")]);
}
