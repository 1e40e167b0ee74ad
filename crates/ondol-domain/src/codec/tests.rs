//! What is recorded, and what is read of what was recorded long ago.

use ondol_kernel::{ContentType, EventType, Payload, SchemaVersion};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Codec, DecodeError, ShapeProblem};
use crate::{Aggregate, Decision, Facts, Impossible, UpcastProblem, Upcasts, already_done};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Opened { owner: String },
    Deposited { amount: u64, channel: String },
    Closed,
}

impl Facts for Event {
    const KIND: &'static str = "account";

    fn upcasts() -> Upcasts {
        Upcasts::none()
            .lift("deposited", 1, |mut data| {
                let fields = data.as_object_mut().ok_or("a deposit has fields")?;
                fields.insert("channel".into(), json!("branch"));
                Ok(data)
            })
            .rename("paid_in", 1, "deposited", 1)
    }
}

fn event_type(name: &str) -> EventType {
    EventType::new(name).unwrap()
}

fn decode(name: &str, version: u32, json: &str) -> Result<Event, DecodeError> {
    let data = Payload::json(json.to_owned());
    Codec::new().unwrap().decode(&event_type(name), SchemaVersion::new(version), &data)
}

#[test]
fn a_variant_is_recorded_under_its_kind_and_its_name() {
    let codec = Codec::new().unwrap();
    let deposited = Event::Deposited { amount: 7, channel: "atm".into() };
    let encoded = codec.encode(&deposited).unwrap();
    assert_eq!(encoded.event_type.as_str(), "account.deposited");
    assert_eq!(encoded.schema_version.get(), 2);
    assert_eq!(&encoded.payload.bytes[..], br#"{"amount":7,"channel":"atm"}"#);
    let read = codec.decode(&encoded.event_type, encoded.schema_version, &encoded.payload);
    assert_eq!(read.unwrap(), deposited);
}

#[test]
fn an_event_that_says_it_all_has_empty_data() {
    let encoded = Codec::new().unwrap().encode(&Event::Closed).unwrap();
    assert_eq!(&encoded.payload.bytes[..], b"{}");
    assert_eq!(decode("account.closed", 1, "{}").unwrap(), Event::Closed);
}

#[test]
fn an_old_version_is_lifted_to_the_newest() {
    let deposited = Event::Deposited { amount: u64::MAX, channel: "branch".into() };
    let data = r#"{"amount":18446744073709551615}"#;
    assert_eq!(decode("account.deposited", 1, data).unwrap(), deposited);
}

#[test]
fn an_event_of_an_old_name_is_read_and_lifted() {
    let deposited = Event::Deposited { amount: 7, channel: "branch".into() };
    assert_eq!(decode("account.paid_in", 1, r#"{"amount":7}"#).unwrap(), deposited);
    let codec = Codec::<Event>::new().unwrap();
    let readable: Vec<_> = codec.readable().map(EventType::as_str).collect();
    let expected = ["account.opened", "account.deposited", "account.closed", "account.paid_in"];
    assert_eq!(readable, expected);
}

#[test]
fn a_number_is_never_rounded_on_the_way_up() {
    let error = decode("account.deposited", 1, r#"{"amount":18446744073709551616}"#).unwrap_err();
    assert!(matches!(error, DecodeError::Rounded { .. }), "{error}");
    let error = decode("account.deposited", 1, r#"{"amount":0.1000000000000000000001}"#);
    assert!(matches!(error, Err(DecodeError::Rounded { .. })));
    let kept = r#"{"amount":7,"rate":0.25,"note":"\"\\ 1e400 \"","true":[true,-1,false]}"#;
    let kept = decode("account.deposited", 1, kept);
    assert!(kept.is_ok(), "a fraction that floating point holds exactly is passed on");
}

#[test]
fn what_cannot_be_read_says_why() {
    let said = |outcome: Result<Event, DecodeError>| outcome.unwrap_err().to_string();
    assert_eq!(said(decode("account.burnt", 1, "{}")), "version 1 of account.burnt is not known");
    assert_eq!(said(decode("loan.opened", 1, "{}")), "version 1 of loan.opened is not known");
    assert_eq!(said(decode("account.opened", 0, "{}")), "version 0 of account.opened is not known");
    assert_eq!(
        said(decode("account.opened", 2, "{}")),
        "account.opened is known up to version 1, found version 2"
    );
    assert_eq!(
        said(decode("account.opened", 1, "{}")),
        "the data of account.opened does not have the shape of version 1"
    );
    assert_eq!(
        said(decode("account.deposited", 1, "[]")),
        "version 1 of account.deposited cannot be lifted to the newest"
    );
}

#[test]
fn data_that_is_not_json_is_not_guessed_at() {
    let content_type: ContentType = "application/avro".parse().unwrap();
    let data = Payload { content_type, bytes: b"{}"[..].into() };
    let codec = Codec::<Event>::new().unwrap();
    let read = codec.decode(&event_type("account.closed"), SchemaVersion::FIRST, &data);
    assert!(matches!(read, Err(DecodeError::NotJson { .. })));
}

#[test]
fn a_struct_is_a_type_of_event_by_itself() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct FraudSuspected {
        reason: String,
    }
    impl Facts for FraudSuspected {
        const KIND: &'static str = "bank.fraud";
        const SERVICE: Option<&'static str> = Some("bank.fraud");
    }
    let codec = Codec::new().unwrap();
    let suspected = FraudSuspected { reason: "a hundred transfers an hour".into() };
    let encoded = codec.encode(&suspected).unwrap();
    assert_eq!(encoded.event_type.as_str(), "bank.fraud.fraud_suspected");
    let read = codec.decode(&encoded.event_type, encoded.schema_version, &encoded.payload);
    assert_eq!(read.unwrap(), suspected);
}

#[test]
fn what_is_wrong_with_the_shapes_is_found_at_the_start_and_at_once() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Muddled {
        Opened,
        #[serde(rename = "opened")]
        OpenedAgain,
    }
    impl Facts for Muddled {
        const KIND: &'static str = "muddle";
        fn upcasts() -> Upcasts {
            Upcasts::none().rename("begun", 1, "started", 1)
        }
    }
    let problems = Codec::<Muddled>::new().unwrap_err();
    let nowhere = UpcastProblem::Nowhere { event: "begun", version: 1, to: "started" };
    let same = ShapeProblem::SameName { event_type: event_type("muddle.opened") };
    assert_eq!(problems.found, [ShapeProblem::Upcast(nowhere), same]);
    assert_eq!(
        problems.to_string(),
        "the events of \"muddle\" cannot be used: a step from version 1 of \"begun\" leads to \
         \"started\", which is no event; two variants are recorded as muddle.opened"
    );
}

#[test]
fn an_enum_that_hides_its_variants_is_refused() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "what")]
    enum Tagged {
        Opened,
    }
    impl Facts for Tagged {
        const KIND: &'static str = "tagged";
    }
    assert_eq!(Codec::<Tagged>::new().unwrap_err().found, [ShapeProblem::Nameless]);
}

#[test]
fn an_aggregate_and_its_events_are_of_one_kind_that_can_name_a_stream() {
    #[derive(Debug, Clone, Default)]
    struct Loan;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
    #[error("no")]
    struct No;

    impl Aggregate for Loan {
        const KIND: &'static str = "Loan";
        type Command = ();
        type Event = Event;
        type Refusal = No;

        fn decide(&self, _command: ()) -> Decision<Self> {
            already_done()
        }

        fn evolve(self, _event: &Event) -> Result<Self, Impossible> {
            Ok(self)
        }
    }

    let found = Codec::of::<Loan>().unwrap_err().found;
    assert_eq!(found[0], ShapeProblem::TwoKinds { kinds: ["Loan", "account"] });
    assert!(matches!(found[1], ShapeProblem::Stream(_)), "{found:?}");
    assert_eq!(found.len(), 2);
}
