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
    let answered = Fact::Answered { step: step(), data: Some(known("{}")), heard: None };
    assert_eq!(round_trip(&answered), "saga.answered");
    assert_eq!(round_trip(&Fact::UndoAsked { step: step(), question }), "saga.undo_asked");
    assert_eq!(round_trip(&Fact::Completed), "saga.completed");
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
