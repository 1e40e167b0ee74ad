//! One saga, step by step: what it does when something comes in.

mod answers;
mod fits;
mod limits;
mod traps;

use std::time::Duration;

use ondol_bus::Reply;
use ondol_domain::{Contract, Facts, Refused, Saga, Turn};
use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId, Timestamp,
    Version,
};
use serde::{Deserialize, Serialize};

use super::{Beginning, Failure, Input, NextError, Order, OrderError, Transition, begin, next};
use crate::{Defined, Definition, Fact, Instance, Known, Phase, Standing, WorkKind, saga_stream};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Do(String);

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Do {
    const SERVICE: &'static str = "other";
    type Reply = u32;
    type Refusal = No;

    fn key(&self) -> String {
        self.0.clone()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cancelled {
    of: String,
}

impl Facts for Cancelled {
    const KIND: &'static str = "order";
}

type Data = Vec<u32>;

fn saga() -> Saga<Data> {
    Saga::<Data>::named("s", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()))
        .undo(|_data| Do("not a".into()))
        .reply(|number: u32| number)
        .step("b", |_data| Do("b".into()))
        .within(Duration::from_secs(5))
        .pivot()
        .step("c", |_data| Do("c".into()))
        .deadline(Duration::from_secs(60))
        .on(|event: &Cancelled| event.of.clone(), |_data, _event| Turn::Unwind("cancelled".into()))
}

struct One {
    definition: Defined<Data>,
    instance: Instance,
    now: Timestamp,
}

impl One {
    fn begun() -> Self {
        Self::of(saga())
    }

    fn of(saga: Saga<Data>) -> Self {
        let definition = Defined::new(saga);
        let beginning = Beginning {
            stream: saga_stream("s", "1").expect("a name"),
            identity: "1".into(),
            data: Known::of(&Data::new()).expect("it is JSON"),
            correlation: None,
        };
        let now = Timestamp::EPOCH;
        let Transition { instance, .. } = begin(&definition, beginning, now).expect("it begins");
        Self { definition, instance, now }
    }

    fn take(&mut self, input: &Input) -> Vec<Fact> {
        self.try_take(input).expect("it goes on")
    }

    fn try_take(&mut self, input: &Input) -> Result<Vec<Fact>, NextError> {
        let Transition { instance, facts } =
            next(&self.definition, self.instance.clone(), input, self.now)?;
        self.instance = instance;
        Ok(facts)
    }

    fn work(&self) -> (String, WorkKind) {
        let work = self.instance.work(self.now);
        let [work] = &work[..] else { panic!("one thing is to be done, found {work:?}") };
        (work.step.clone(), work.what)
    }

    fn reply(&self, reply: Reply) -> Input {
        let work = self.instance.work(self.now);
        Input::Reply { command: work[0].question.command, reply }
    }

    fn done(&mut self, number: u32) -> Vec<Fact> {
        let data = Payload::json(number.to_string());
        let input = self.reply(Reply::Done { data, position: Position::START });
        self.take(&input)
    }

    fn refused(&mut self) -> Vec<Fact> {
        let refused =
            Refused { code: "no".into(), message: "no".into(), data: Payload::json("null") };
        let input = self.reply(Reply::Refused(refused));
        self.take(&input)
    }

    fn failed(&mut self) -> Vec<Fact> {
        self.fails(true)
    }

    fn fails(&mut self, may_be_asked_again: bool) -> Vec<Fact> {
        self.fails_once_more(may_be_asked_again, false)
    }

    fn fails_once_more(&mut self, may_be_asked_again: bool, asked_before: bool) -> Vec<Fact> {
        let failure = Failure {
            code: "unreachable".into(),
            because: "nobody is there".into(),
            may_be_asked_again,
            asked_before,
            again_after: None,
            held_by: None,
        };
        let command = self.instance.work(self.now)[0].question.command;
        self.take(&Input::Failure { command, failure })
    }

    fn passes(&mut self, seconds: u64) -> Vec<Fact> {
        self.now = self.now.checked_add(Duration::from_secs(seconds)).expect("time goes on");
        self.take(&Input::Time)
    }

    fn cancelled(&mut self) -> Vec<Fact> {
        self.take(&cancelled(9))
    }
}

fn cancelled(number: u128) -> Input {
    let event = NewEvent {
        id: EventId::from_u128(number),
        event_type: EventType::new("order.cancelled").expect("a type"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(r#"{"of":"1"}"#),
    };
    let stream = StreamId::new("order", 1).expect("a stream");
    let event = event.recorded(stream, Version::new(1), Position::new(1));
    Input::Heard(Box::new(event))
}

fn step(name: &str) -> (String, WorkKind) {
    (name.to_owned(), WorkKind::Ask)
}

#[test]
fn it_goes_step_by_step_and_keeps_what_it_is_told() {
    let mut one = One::begun();
    assert_eq!(one.work(), step("a"));
    one.done(7);
    assert_eq!(one.instance.answers["a"].as_str(), "7");
    assert_eq!(one.instance.data.as_str(), "[]", "no step writes into what it was started with");
    assert_eq!(one.work(), step("b"));
    one.done(0);
    assert_eq!(one.work(), step("c"));
    assert_eq!(one.done(0).last(), Some(&Fact::Completed));
    assert_eq!(one.instance.wakes_at(), None);
}

#[test]
fn an_answer_that_comes_twice_or_late_changes_nothing() {
    let mut one = One::begun();
    let data = Payload::json("7");
    let first = one.reply(Reply::Done { data, position: Position::START });
    one.take(&first);
    assert_eq!(one.take(&first), []);
    let refused = Refused { code: "no".into(), message: "no".into(), data: Payload::json("null") };
    let Input::Reply { command, .. } = first else { panic!("it is an answer") };
    let other = Input::Reply { command, reply: Reply::Refused(refused) };
    assert_eq!(one.take(&other), []);
    assert_eq!(one.instance.steps["a"].standing, Standing::Done);
}

#[test]
fn t30_a_step_that_takes_too_long_is_made_void_first_and_its_answer_decides() {
    let mut one = One::begun();
    one.done(7);
    assert_eq!(one.passes(4), []);
    assert!(matches!(one.passes(1)[..], [Fact::TimedOut { .. }, Fact::TurnedRound { .. }]));
    assert_eq!(one.work(), ("b".to_owned(), WorkKind::Void));
    let void = one.reply(Reply::Voided);
    one.take(&void);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn what_cannot_be_undone_and_had_been_done_after_all_takes_it_past_the_pivot() {
    let mut one = One::begun();
    one.done(7);
    one.passes(5);
    let facts = one.done(0);
    assert!(facts.iter().any(|fact| matches!(fact, Fact::WentOn { .. })), "{facts:?}");
    assert_eq!(one.work(), step("c"));
}

#[test]
fn past_the_pivot_it_is_asked_for_ever_and_shown_as_stuck() {
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    for attempt in 1..30 {
        let facts = one.failed();
        assert!(matches!(facts[0], Fact::Unanswered { .. }), "{facts:?}");
        assert_eq!(one.instance.stuck.is_some(), attempt >= 5, "after {attempt}");
        one.passes(301);
        assert_eq!(one.work(), step("c"));
    }
    assert_eq!(one.instance.phase, Phase::Forward);
    assert_eq!(one.done(0).last(), Some(&Fact::Completed));
    assert_eq!(one.instance.stuck, None);
}

#[test]
fn t29_an_undo_that_is_refused_is_stuck_and_asked_again_under_another_id() {
    let mut one = One::begun();
    one.done(7);
    one.refused();
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    let first = one.instance.work(one.now)[0].question.command;
    one.refused();
    assert!(one.instance.stuck.is_some());
    assert_eq!(one.instance.work(one.now), []);
    one.passes(1);
    assert_ne!(one.instance.work(one.now)[0].question.command, first);
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn an_event_from_outside_turns_it_round_once_and_not_past_the_pivot() {
    let mut one = One::begun();
    let facts = one.cancelled();
    assert!(facts.iter().any(|fact| matches!(fact, Fact::TurnedRound { .. })), "{facts:?}");
    assert_eq!(one.cancelled(), []);
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    assert!(matches!(one.cancelled()[..], [Fact::Heard { .. }]));
    assert_eq!(one.instance.phase, Phase::Forward);
}

#[test]
fn a_deadline_turns_it_round_before_the_pivot_and_passes_once_after_it() {
    let mut one = One::begun();
    let facts = one.passes(60);
    assert!(facts.iter().any(|fact| matches!(fact, Fact::TurnedRound { .. })), "{facts:?}");
    let mut one = One::begun();
    one.done(7);
    one.done(0);
    assert!(matches!(one.passes(60)[..], [Fact::Overdue { .. }]));
    assert_eq!(one.passes(60), []);
    assert_eq!(one.work(), step("c"));
}

#[test]
fn a_person_can_skip_cancel_and_hurry_it_where_that_is_safe() {
    let by = || "kim".to_owned();
    let mut one = One::begun();
    let skip = |step: &str| Input::Order(Order::Skip { step: step.into(), by: by() });
    let error = one.try_take(&skip("a")).expect_err("it may have taken effect");
    assert!(matches!(error, NextError::Order(OrderError::NotKnown { .. })));
    one.done(7);
    one.done(0);
    let cancel = Input::Order(Order::Cancel { because: "no".into(), by: by() });
    let error = one.try_take(&cancel).expect_err("it is past its pivot");
    assert!(matches!(error, NextError::Order(OrderError::PastPivot)));
    one.refused();
    assert_eq!(one.instance.work(one.now), []);
    one.take(&Input::Order(Order::Resume { by: by() }));
    assert_eq!(one.work(), step("c"));
    assert_eq!(one.take(&skip("c")).last(), Some(&Fact::Completed));
}

#[test]
fn what_may_have_been_done_is_made_void_when_it_cannot_be_asked_again() {
    let mut one = One::begun();
    assert!(matches!(one.fails(false)[0], Fact::Refused { .. }), "it was never asked before");
    let mut one = One::begun();
    one.failed();
    one.passes(2);
    assert_eq!(one.work(), step("a"));
    one.fails(false);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Void));
}

#[test]
fn what_was_asked_before_a_crash_is_made_void_when_it_may_not_be_asked_again() {
    let mut one = One::begun();
    one.fails_once_more(false, true);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Void));
}

#[test]
fn a_person_who_hurries_it_does_not_make_it_forget_that_it_has_asked() {
    let mut one = One::begun();
    one.failed();
    one.take(&Input::Order(Order::Retry { step: "a".into(), by: "kim".into() }));
    one.fails_once_more(false, true);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Void));
}

#[test]
fn what_can_neither_be_asked_nor_made_void_is_stuck_and_a_person_can_skip_it() {
    let mut one = One::begun();
    one.done(7);
    one.fails_once_more(false, true);
    assert_eq!(one.work(), ("b".to_owned(), WorkKind::Void));
    let skip = Input::Order(Order::Skip { step: "b".into(), by: "kim".into() });
    let error = one.try_take(&skip).expect_err("it may still be made void");
    assert!(matches!(error, NextError::Order(OrderError::NotKnown { .. })));
    let facts = one.fails_once_more(false, true);
    assert!(matches!(facts.last(), Some(Fact::Stuck { .. })), "{facts:?}");
    assert_eq!(one.instance.work(one.now), [], "it is tried again after a while");
    // Skipped, it counts as not done, the last before the pivot too: the others are undone.
    one.take(&skip);
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}

#[test]
fn its_facts_alone_say_where_it_stands() {
    let definition = Defined::new(saga());
    assert_eq!(definition.shape().name, "s");
    let mut one = One::begun();
    let facts = one.done(7);
    let mut folded = One::begun().instance;
    for fact in &facts {
        folded.apply(fact, one.now).expect("it can have happened");
    }
    assert_eq!(folded, one.instance);
    assert!(folded.apply(&Fact::Undone { step: "a".into() }, one.now).is_err());
}
