//! Histories replayed against definitions that have changed since.

use ondol_domain::{Contract, Facts, Saga, Turn};
use ondol_kernel::{EventId, Id, Metadata, NewEvent, Position, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::*;
use crate::machine::{Beginning, Input, begin, next};
use crate::{Known, saga_stream};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Asked {
    Do { what: String },
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Asked {
    const SERVICE: &'static str = "doers";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        "one".to_owned()
    }
}

fn does(what: &'static str) -> impl Fn(&String) -> Asked + Send + Sync + 'static {
    move |of| Asked::Do { what: format!("{what} {of}") }
}

fn saga() -> Saga<String> {
    Saga::<String>::named("chore", 1).identified_by(String::clone)
}

fn first() -> Saga<String> {
    saga().step("wash", does("wash")).undo(does("soil")).step("dry", does("dry"))
}

/// The events of sagas that have gone so many steps by the first definition.
fn history(identity: &str, answers: usize) -> Vec<Envelope> {
    let definition = crate::Defined::new(first());
    let stream = saga_stream("chore", identity).expect("a name");
    let data = Known::of(identity).expect("it is JSON");
    let identity = identity.to_owned();
    let beginning = Beginning { stream, identity, data, correlation: None };
    let begun = begin(&definition, beginning, Timestamp::EPOCH).expect("it begins");
    let (mut instance, mut facts) = (begun.instance, begun.facts);
    for _answer in 0..answers {
        let work = instance.work(Timestamp::EPOCH);
        let command = work.first().expect("something is to be done").question.command;
        let data = ondol_kernel::Payload::json("null");
        let reply = ondol_bus::Reply::Done { data, position: Position::START };
        let input = Input::Reply { command, reply };
        let transition = next(&definition, instance, &input, Timestamp::EPOCH);
        let transition = transition.expect("it goes on");
        (instance, facts) = (transition.instance, [facts, transition.facts].concat());
    }
    let codec = FactCodec::new().expect("facts can be written");
    let written = facts.iter().enumerate().map(|(at, fact)| {
        let encoded = codec.encode(fact).expect("it can be written");
        let id: EventId = Id::named(&format!("{} {at}", instance.stream));
        let event = NewEvent {
            id,
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            metadata: Metadata::default(),
            data: encoded.payload,
        };
        let version = Version::new(u64::try_from(at).expect("few") + 1);
        event.recorded(instance.stream.clone(), version, Position::new(1))
    });
    written.collect()
}

fn replayed(against: Saga<String>, steps: &[(&str, &str)]) -> ReplayReport {
    let definitions = Definitions::new().and(against);
    let steps = steps.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    let mut replay = Replay::against(&definitions, &steps).expect("facts can be read");
    // One has ended, one has come as far as to dry, one has just begun; as they stand in a log,
    // one through the other.
    let histories = [history("a", 2), history("b", 1), history("c", 0)];
    for at in 0..10 {
        for history in &histories {
            if let Some(event) = history.get(at) {
                replay.take(event.clone()).expect("it can be read");
            }
        }
    }
    replay.finish()
}

#[test]
fn the_definition_by_which_sagas_were_started_fits_all_of_them() {
    let report = replayed(first(), &[]);
    assert_eq!((report.sagas, report.ended, report.misfits, report.differing), (3, 1, 0, 0));
    assert_eq!(report.found, []);
}

#[test]
fn a_step_that_is_gone_does_not_fit_those_that_have_come_to_it() {
    let report = replayed(saga().step("wash", does("wash")).undo(does("soil")), &[]);
    assert_eq!(report.misfits, 1);
    let found = &report.found[0];
    assert_eq!(found.stream.to_string(), "saga:chore/b");
    assert_eq!(found.misfits, ["it has no step \"dry\""]);
}

#[test]
fn steps_with_other_names_fit_when_it_is_said_which_they_are() {
    let renamed = || saga().step("clean", does("wash")).undo(does("soil")).step("dry", does("dry"));
    assert_eq!(replayed(renamed(), &[]).misfits, 2);
    let report = replayed(renamed(), &[("wash", "clean")]);
    assert_eq!((report.misfits, report.differing), (0, 0));
}

#[test]
fn a_step_that_asks_something_else_now_is_told_of_whether_the_saga_has_ended_or_not() {
    let other = saga().step("wash", does("boil")).undo(does("soil")).step("dry", does("dry"));
    let report = replayed(other, &[]);
    assert_eq!((report.misfits, report.differing), (0, 3));
    let found = &report.found[0].differences[0];
    assert!(found.contains("boil a") && found.contains("wash a"), "{found}");
}

#[test]
fn a_saga_that_is_gone_is_told_of() {
    let report = replayed(Saga::<String>::named("other", 1).step("wash", does("wash")), &[]);
    assert_eq!(report.misfits, 2, "the one that has ended does not mind");
}

#[test]
fn a_step_that_would_have_had_to_come_up_before_does_not_fit() {
    let steps = saga().step("sort", does("sort")).step("wash", does("wash")).undo(does("soil"));
    let report = replayed(steps.step("dry", does("dry")), &[]);
    let misfits: Vec<_> = report.found.iter().flat_map(|found| &found.misfits).collect();
    let said = "its step \"sort\" would have had to come up before";
    assert!(misfits.iter().any(|misfit| *misfit == said), "{misfits:?}");
}

#[test]
fn two_steps_that_would_become_one_do_not_fit() {
    let report = replayed(first(), &[("wash", "dry")]);
    let misfits: Vec<_> = report.found.iter().flat_map(|found| &found.misfits).collect();
    let said = "two steps that have come up would be its step \"dry\"";
    assert!(misfits.iter().any(|misfit| *misfit == said), "{misfits:?}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Rung {
    of: String,
}

impl Facts for Rung {
    const KIND: &'static str = "bell";
}

#[test]
fn a_step_that_waits_does_not_fit_one_that_has_asked() {
    let waits = saga().step("wash", does("wash")).undo(does("soil")).wait(
        "dry",
        |rung: &Rung| rung.of.clone(),
        |_data, _rung| Some(Turn::GoOn),
    );
    let report = replayed(waits.within(std::time::Duration::from_secs(60)), &[]);
    let misfits: Vec<_> = report.found.iter().flat_map(|found| &found.misfits).collect();
    let said = "the saga has asked at \"dry\", and its step waits";
    assert!(misfits.iter().any(|misfit| *misfit == said), "{misfits:?}");
}
