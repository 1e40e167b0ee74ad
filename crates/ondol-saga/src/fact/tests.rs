//! Facts are recorded under names that people can read, and come back as they were.

use ondol_domain::{Codec, Fingerprint, Target};
use ondol_kernel::{CommandId, Id, Timestamp};

use super::{Fact, Question, Timer};
use crate::Known;

fn known(json: &str) -> Known {
    serde_json::from_str(json).expect("it is JSON")
}

fn round_trip(fact: &Fact) -> String {
    let codec = Codec::<Fact>::new().expect("the shapes hold together");
    let encoded = codec.encode(fact).expect("it can be written");
    let back = codec.decode(&encoded.event_type, encoded.schema_version, &encoded.payload);
    assert_eq!(&back.expect("it can be read"), fact);
    encoded.event_type.to_string()
}

#[test]
fn facts_come_back_as_they_were() {
    let timer = Timer { due: Timestamp::EPOCH, generation: 3 };
    let question = Question {
        command: Id::named("command"),
        target: Target::Service("bank.account".into()),
        key: "kim".into(),
        asks: "hold".into(),
        data: known(r#"{"amount":[1,null,"x"]}"#),
        within_ms: 30_000,
    };
    let started = Fact::Started {
        saga: "bank.transfer".into(),
        version: 1,
        fingerprint: Fingerprint::of("x"),
        identity: "7".into(),
        data: known(r#"{"id":7,"score":null}"#),
        deadline: Some(timer),
        kept_for_ms: None,
    };
    assert_eq!(round_trip(&started), "saga.started");
    let step = || "debit".to_owned();
    let asked = Fact::Asked { step: step(), question: question.clone(), limit: Some(timer) };
    assert_eq!(round_trip(&asked), "saga.asked");
    for answer in [Some("42"), Some("null"), None] {
        let answer = answer.map(known);
        let answered = Fact::Answered { step: step(), answer, data: None, heard: None };
        assert_eq!(round_trip(&answered), "saga.answered");
    }
    assert_eq!(round_trip(&Fact::UndoAsked { step: step(), question }), "saga.undo_asked");
    assert_eq!(round_trip(&Fact::Completed), "saga.completed");
}

#[test]
fn an_answer_that_was_written_before_answers_stood_by_themselves_is_read() {
    let codec = Codec::<Fact>::new().expect("the shapes hold together");
    let event_type = ondol_kernel::EventType::new("saga.answered").expect("a type");
    let written = r#"{"step":"debit","data":{"id":7,"score":5}}"#;
    let written = ondol_kernel::Payload::json(written);
    let first = ondol_kernel::SchemaVersion::FIRST;
    let read = codec.decode(&event_type, first, &written).expect("it is read");
    let data = Some(known(r#"{"id":7,"score":5}"#));
    assert_eq!(read, Fact::Answered { step: "debit".into(), answer: None, data, heard: None });
    let again = codec.encode(&read).expect("it is written");
    assert_eq!(again.payload, written, "and written as it was");
}

#[test]
fn the_same_step_is_asked_under_the_same_id_and_each_round_under_another() {
    let stream = crate::saga_stream("bank.transfer", "7").expect("it is a name");
    let id = |about, step, round| -> CommandId { crate::command_of(&stream, about, step, round) };
    let first = id(crate::About::Step, "debit", 0);
    assert_eq!(first, id(crate::About::Step, "debit", 0));
    let others = [
        id(crate::About::Undo, "debit", 0),
        id(crate::About::Step, "debit", 1),
        id(crate::About::Step, "credit", 0),
    ];
    assert!(!others.contains(&first));
    let long = "x".repeat(400);
    let stream = crate::saga_stream("bank.transfer", &long).expect("a long identity is shortened");
    assert!(stream.as_str().len() <= 255);
}
