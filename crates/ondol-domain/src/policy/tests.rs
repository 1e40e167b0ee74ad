//! What follows from what, and from what nothing follows.

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, Recorded, SchemaVersion, StreamId,
    Version,
};
use serde::{Deserialize, Serialize};

use super::{Policy, ReactError, policy, policy_of_recorded};
use crate::{Contract, Facts, Upcasts};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Alert {
    account: u64,
    is_certain: bool,
}

impl Facts for Alert {
    const KIND: &'static str = "bank.fraud";
    const SERVICE: Option<&'static str> = Some("bank.fraud");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Freeze {
    account: u64,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Freeze {
    const SERVICE: &'static str = "bank.account";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        self.account.to_string()
    }
}

fn envelope(json: &str) -> Recorded {
    NewEvent {
        id: EventId::from_u128(1),
        event_type: EventType::new("bank.fraud.alert").unwrap(),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(json.to_owned()),
    }
    .recorded(StreamId::new("alert", "kim").unwrap(), Version::new(1), Position::new(1))
}

fn freeze_on_fraud() -> Policy {
    policy("freeze on fraud", |alert: &Alert| {
        alert.is_certain.then_some(Freeze { account: alert.account })
    })
}

#[test]
fn a_policy_asks_what_follows_from_an_event() {
    let policy = freeze_on_fraud();
    policy.check().unwrap();
    assert_eq!(policy.sources[0].service, Some("bank.fraud"));
    let calls = policy.react(envelope(r#"{"account":7,"is_certain":true}"#)).unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].read::<Freeze>().unwrap(), Freeze { account: 7 });
    let none = policy.react(envelope(r#"{"account":7,"is_certain":false}"#)).unwrap();
    assert!(none.is_empty());
}

#[test]
fn a_policy_passes_over_what_it_does_not_listen_to_and_tells_what_it_cannot_read() {
    let mut other = envelope("{}");
    other.event_type = EventType::new("bank.loan.repaid").unwrap();
    assert!(freeze_on_fraud().react(other).unwrap().is_empty());
    let broken = freeze_on_fraud().react(envelope("{}"));
    assert!(matches!(broken, Err(ReactError::Event(_))));
}

#[test]
fn a_policy_can_look_at_what_surrounds_an_event_and_ask_several_things() {
    let policy = policy_of_recorded("freeze both", |alert: &Recorded<Alert>| {
        let length = alert.stream.key().len().try_into().unwrap_or_default();
        [Freeze { account: alert.data.account }, Freeze { account: length }]
    });
    let calls = policy.react(envelope(r#"{"account":7,"is_certain":true}"#)).unwrap();
    let keys: Vec<_> = calls.iter().map(|call| call.key.as_str()).collect();
    assert_eq!(keys, ["7", "3"]);
}

#[test]
fn a_policy_whose_events_do_not_hold_together_is_found_at_the_start() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Broken {}
    impl Facts for Broken {
        const KIND: &'static str = "broken";
        fn upcasts() -> Upcasts {
            Upcasts::none().lift("broken", 3, Ok)
        }
    }
    let policy = policy("never", |_broken: &Broken| None::<Freeze>);
    assert_eq!(policy.check().unwrap_err().found.len(), 2);
    assert!(matches!(policy.react(envelope("{}")), Err(ReactError::Shapes(_))));
}
