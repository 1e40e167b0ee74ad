//! A saga says what it does, and everything that is wrong with it.

mod answers;

use std::time::Duration;

use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, Recorded, SchemaVersion, StreamId,
    Version,
};
use serde::{Deserialize, Serialize};

use super::{Retry, Saga, SagaProblem, Step, Turn};
use crate::{Contract, Facts};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Transfer {
    id: u64,
    amount: u64,
}

const TRANSFER: Transfer = Transfer { id: 7, amount: 300 };

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Account {
    Hold { transfer: u64, amount: u64 },
    Release { transfer: u64 },
    Settle { transfer: u64 },
    Deposit { amount: u64 },
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Account {
    const SERVICE: &'static str = "bank.account";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        "kim".to_owned()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Screen {
    amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Score(u64);

impl Contract for Screen {
    const SERVICE: &'static str = "bank.fraud";
    type Reply = Score;
    type Refusal = No;

    fn key(&self) -> String {
        "screen".to_owned()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cancelled {
    transfer: u64,
}

impl Facts for Cancelled {
    const KIND: &'static str = "bank.transfer";
    const SERVICE: Option<&'static str> = Some("bank.transfer");
}

fn screen(transfer: &Transfer) -> Screen {
    Screen { amount: transfer.amount }
}

fn release(transfer: &Transfer) -> Account {
    Account::Release { transfer: transfer.id }
}

fn settle(transfer: &Transfer) -> Account {
    Account::Settle { transfer: transfer.id }
}

fn transfer() -> Saga<Transfer> {
    Saga::<Transfer>::named("bank.transfer", 1)
        .identified_by(|transfer| transfer.id.to_string())
        .step("screen", screen)
        .reply(|score: Score| score.0)
        .when(|transfer| transfer.amount > 100)
        .step("debit", |t| Account::Hold { transfer: t.id, amount: t.amount })
        .undo(release)
        .within(Duration::from_secs(5))
        .step("credit", |t| Account::Deposit { amount: t.amount })
        .pivot()
        .step("settle", settle)
        .deadline(Duration::from_secs(600))
        .on(
            |cancelled: &Cancelled| cancelled.transfer.to_string(),
            |_transfer, _cancelled| Turn::Unwind("the customer cancelled it".into()),
        )
}

fn found(saga: &Saga<Transfer>) -> Vec<SagaProblem> {
    saga.check().expect_err("something should be wrong").found
}

#[test]
fn a_saga_asks_its_steps_and_how_to_undo_them() {
    let saga = transfer();
    saga.check().unwrap();
    let steps: Vec<_> = saga.stages().iter().flat_map(|stage| &stage.steps).collect();
    let names: Vec<_> = steps.iter().map(|step| step.name()).collect();
    assert_eq!(names, ["screen", "debit", "credit", "settle"]);
    let debit = steps[1].call(&TRANSFER, &()).unwrap().unwrap();
    assert_eq!(debit.read::<Account>().unwrap(), Account::Hold { transfer: 7, amount: 300 });
    let undo = steps[1].undo_call(&TRANSFER, &()).unwrap().unwrap();
    assert_eq!(undo.read::<Account>().unwrap(), Account::Release { transfer: 7 });
    assert_eq!(steps[2].undo_call(&TRANSFER, &()).unwrap(), None);
    assert_eq!(steps[1].time_limit(), Duration::from_secs(5));
    let past: Vec<_> = (0..4).map(|stage| saga.is_past_pivot(stage)).collect();
    assert_eq!(past, [false, false, false, true]);
}

#[test]
fn a_step_is_asked_only_on_its_condition() {
    let saga = transfer();
    let screen = &saga.stages()[0].steps[0];
    assert!(screen.applies(&TRANSFER, &()).unwrap());
    assert!(!screen.applies(&Transfer { amount: 100, ..TRANSFER }, &()).unwrap());
    let hold = &saga.stages()[1].steps[0];
    assert!(hold.applies(&Transfer { amount: 0, ..TRANSFER }, &()).unwrap());
}

#[test]
fn an_answer_is_kept_and_one_of_another_shape_is_told() {
    let saga = transfer();
    let screen = &saga.stages()[0].steps[0];
    assert_eq!(screen.keep(&Payload::json("42")).unwrap(), Some(Payload::json("42")));
    let error = screen.keep(&Payload::json("{}")).unwrap_err();
    assert_eq!(error.step, "screen");
    let hold = &saga.stages()[1].steps[0];
    assert_eq!(hold.keep(&Payload::json("null")).unwrap(), None, "nothing is kept of it");
}

#[test]
fn an_event_from_outside_finds_its_saga_and_turns_it_round() {
    let event = |event_type: &str| -> Recorded {
        NewEvent {
            id: EventId::from_u128(1),
            event_type: EventType::new(event_type).unwrap(),
            schema_version: SchemaVersion::FIRST,
            metadata: Metadata::default(),
            data: Payload::json(r#"{"transfer":7}"#),
        }
        .recorded(StreamId::new("transfer", 7).unwrap(), Version::new(1), Position::new(1))
    };
    let saga = transfer();
    let listener = &saga.listeners()[0];
    let cancelled = || event("bank.transfer.cancelled");
    assert_eq!(listener.about(cancelled()).unwrap(), saga.identity(&TRANSFER));
    let turn = listener.hear(&mut TRANSFER.clone(), cancelled()).unwrap();
    assert_eq!(turn, Some(Turn::Unwind("the customer cancelled it".into())));
    assert_eq!(listener.about(event("bank.loan.repaid")).unwrap(), None);
}

#[test]
fn steps_side_by_side_stand_in_one_stage() {
    let saga = Saga::<Transfer>::named("both", 1).all([
        Step::named("screen", screen),
        Step::named("debit", settle).undo(release).when(|transfer| transfer.id > 0),
    ]);
    saga.check().unwrap();
    assert_eq!(saga.stages().len(), 1);
    assert_eq!(saga.stages()[0].steps.len(), 2);
}

#[test]
fn a_saga_without_steps_is_refused() {
    assert_eq!(found(&Saga::<Transfer>::named("empty", 1)), [SagaProblem::Empty]);
    assert_eq!(found(&Saga::<Transfer>::named("none", 1).all([])), [SagaProblem::EmptyAll]);
}

#[test]
fn a_name_is_given_once_and_can_be_read() {
    let saga =
        Saga::<Transfer>::named("Twice", 1).step("a", screen).step("a", screen).step("\"", screen);
    assert_eq!(
        found(&saga),
        [
            SagaProblem::Name { name: "Twice" },
            SagaProblem::SameStep { step: "a" },
            SagaProblem::Name { name: "\"" },
        ]
    );
}

#[test]
fn nothing_is_undone_after_the_pivot_and_there_is_one() {
    let saga = Saga::<Transfer>::named("late", 1)
        .step("a", screen)
        .pivot()
        .step("b", settle)
        .undo(release);
    assert_eq!(found(&saga), [SagaProblem::UndoAfterPivot { step: "b" }]);
    let saga =
        Saga::<Transfer>::named("two", 1).step("a", screen).pivot().step("b", settle).pivot();
    assert_eq!(found(&saga), [SagaProblem::SecondPivot, SagaProblem::NothingAfterPivot]);
}

#[test]
fn what_is_said_of_a_step_stands_after_one_step() {
    let saga = Saga::<Transfer>::named("misplaced", 1)
        .undo(release)
        .all([Step::named("a", screen), Step::named("b", settle)])
        .within(Duration::from_secs(1))
        .pivot()
        .when(|_transfer| true)
        .step("c", settle);
    let before = |what| SagaProblem::NoStepBefore { what };
    assert_eq!(found(&saga), ["undo", "within", "when"].map(before));
}

#[test]
fn nothing_is_said_of_a_step_twice() {
    let saga = Saga::<Transfer>::named("twice", 1)
        .step("a", screen)
        .undo(release)
        .undo(release)
        .when(|_transfer| true)
        .when(|_transfer| false);
    let twice = |what| SagaProblem::SaidTwice { step: "a", what };
    assert_eq!(found(&saga), ["undo", "when"].map(twice));
}

#[test]
fn what_is_kept_is_what_is_answered() {
    let saga = Saga::<Transfer>::named("other", 1).step("a", screen).reply(|number: u32| number);
    let problems = found(&saga);
    let [SagaProblem::OtherReply { step: "a", answers, kept: "u32" }] = problems[..] else {
        panic!("another problem was found: {problems:?}");
    };
    assert!(answers.ends_with("Score"), "{answers}");
}

#[test]
fn every_step_has_time_and_attempts() {
    let retry = Retry { attempts_max: 0, ..Retry::default() };
    let saga = Saga::<Transfer>::named("hurried", 1)
        .step("a", screen)
        .within(Duration::ZERO)
        .retry(retry)
        .deadline(Duration::ZERO);
    assert_eq!(
        found(&saga),
        [
            SagaProblem::NoTime { of: "hurried" },
            SagaProblem::NoTime { of: "a" },
            SagaProblem::NoAttempts { step: "a" },
        ]
    );
}

#[test]
fn a_saga_that_listens_can_be_found() {
    let saga = Saga::<Transfer>::named("lost", 1)
        .step("a", screen)
        .on(|event: &Cancelled| event.transfer.to_string(), |_transfer, _event| Turn::GoOn);
    assert_eq!(found(&saga), [SagaProblem::NoIdentity]);
}

#[test]
fn a_fingerprint_changes_with_the_steps_and_not_with_their_time() {
    let of = |saga: Saga<Transfer>| saga.fingerprint();
    let base = || Saga::<Transfer>::named("s", 1).step("a", screen).step("b", settle);
    assert_eq!(of(base()), of(base()));
    assert_eq!(of(base()), of(base().within(Duration::from_secs(1)).deadline(Duration::MAX)));
    assert_eq!(of(base()), of(base().kept_for(Duration::from_secs(1))));
    let others = [
        of(base()),
        of(base().undo(release)),
        of(base().when(|_transfer| true)),
        of(base().pivot().step("c", settle)),
        of(base().step("c", settle)),
        of(Saga::<Transfer>::named("s", 1).step("b", settle).step("a", screen)),
        of(Saga::<Transfer>::named("s", 1)
            .all([Step::named("a", screen), Step::named("b", settle)])),
        of(Saga::<Transfer>::named("t", 1).step("a", screen).step("b", settle)),
    ];
    let different: std::collections::BTreeSet<_> = others.into_iter().collect();
    assert_eq!(different.len(), others.len());
}

#[test]
fn a_shape_is_read_as_it_was_written() {
    let shape = transfer().shape();
    let json = serde_json::to_string(&shape).unwrap();
    assert_eq!(serde_json::from_str::<super::SagaShape>(&json).unwrap(), shape);
    assert_eq!(shape.listens, ["bank.transfer.cancelled"]);
}

#[test]
fn a_saga_is_drawn_before_it_has_run() {
    let drawing = transfer().shape().draw();
    let expected = r#"flowchart TD
    begin(["bank.transfer 1"])
    step0_0["screen"]
    begin -->|when| step0_0
    step1_0["debit"]
    step0_0 --> step1_0
    undo1_0["undo debit"]
    step1_0 -.-> undo1_0
    step2_0["credit"]
    step1_0 --> step2_0
    pivot{{"pivot"}}
    step2_0 --> pivot
    step3_0["settle"]
    pivot --> step3_0
    done(["done"])
    step3_0 --> done
"#;
    assert_eq!(drawing, expected);
}
