//! A step reads what earlier ones were answered, and nothing else: whatever else a definition tries
//! is found before it has run.

use std::collections::BTreeMap;

use super::*;
use crate::{Answer, SayError};

const SCORE: Answer<u64> = Answer::of("screen");
const PAID: Answer<u64> = Answer::of("payment");

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paid {
    transfer: u64,
    amount: u64,
}

impl Facts for Paid {
    const KIND: &'static str = "payment";
}

/// Holds as much as an answer says.
fn hold_scored(transfer: &Transfer, score: u64) -> Account {
    Account::Hold { transfer: transfer.id, amount: score }
}

fn screened() -> Step<Transfer> {
    Step::named("screen", screen).reply(|score: Score| score.0)
}

fn named() -> Saga<Transfer> {
    Saga::<Transfer>::named("scored", 1).identified_by(|transfer| transfer.id.to_string())
}

fn kept<const STEPS: usize>(answers: [(&str, &str); STEPS]) -> BTreeMap<String, String> {
    answers.map(|(step, answer)| (step.to_owned(), answer.to_owned())).into()
}

/// What is told of a definition that reads what is not there.
fn told(saga: &Saga<Transfer>) -> Vec<String> {
    found(saga).iter().map(ToString::to_string).collect()
}

#[test]
fn a_step_asks_from_what_an_earlier_one_was_answered() {
    let saga = named().all([screened()]).step_knowing("hold", SCORE, hold_scored);
    saga.check().unwrap();
    let hold = &saga.stages()[1].steps[0];
    let asked = hold.call(&TRANSFER, &kept([("screen", "42")])).unwrap().unwrap();
    assert_eq!(asked.read::<Account>().unwrap(), Account::Hold { transfer: 7, amount: 42 });
    let missing = hold.call(&TRANSFER, &()).expect_err("nothing is kept");
    assert!(matches!(missing, SayError::NotKept { step: "screen" }), "{missing}");
    let other = hold.call(&TRANSFER, &kept([("screen", "{}")])).expect_err("it is no number");
    assert!(matches!(other, SayError::KeptOtherwise { step: "screen", .. }), "{other}");
}

#[test]
fn what_later_ones_are_answered_or_those_side_by_side_is_not_read() {
    let not_before = "\"hold\" reads what \"screen\" is answered, which does not come before it";
    let later = named().step_knowing("hold", SCORE, hold_scored).all([screened()]);
    assert_eq!(told(&later), [not_before]);
    let beside = named().all([screened(), Step::knowing("hold", SCORE, hold_scored)]);
    assert_eq!(told(&beside), [not_before]);
    let itself = named().all([Step::knowing("screen", SCORE, |transfer, _score| screen(transfer))
        .reply(|score: Score| score.0)]);
    let own = "\"screen\" reads what \"screen\" is answered, which does not come before it";
    assert_eq!(told(&itself), [own]);
    let doubt = named().step_knowing("hold", SCORE.if_there(), |transfer, score| {
        hold_scored(transfer, score.unwrap_or_default())
    });
    assert_eq!(told(&doubt.all([screened()])), [not_before], "not even if it may be missing");
    let condition = named().step("hold", settle).when_knowing(SCORE, |_transfer, score| score > 9);
    assert_eq!(told(&condition.all([screened()])), [not_before]);
}

#[test]
fn what_is_not_kept_or_kept_as_something_else_is_not_read() {
    let nothing = named().step("screen", screen).step_knowing("hold", SCORE, hold_scored);
    let told_of = "\"hold\" reads what \"screen\" is answered, of which nothing is kept";
    assert_eq!(told(&nothing), [told_of]);
    let text = Step::named("screen", screen).reply(|score: Score| score.0.to_string());
    let text = named().all([text]).step_knowing("hold", SCORE, hold_scored);
    let told_of = "\"hold\" reads what \"screen\" is answered, which is kept as \
                   alloc::string::String, and read as u64";
    assert_eq!(told(&text), [told_of]);
}

#[test]
fn what_may_be_left_out_is_read_by_those_who_can_do_without() {
    let sometimes = || screened().when(|transfer| transfer.amount > 100);
    let left_out = "\"hold\" reads what \"screen\" is answered, which may be left out: \
                    say if_there()";
    let surely = named().all([sometimes()]).step_knowing("hold", SCORE, hold_scored);
    assert_eq!(told(&surely), [left_out]);
    let both = surely.when(|transfer| transfer.amount > 100);
    assert_eq!(told(&both), [left_out], "nobody can tell that two conditions are one");
    let without =
        named().all([sometimes()]).step_knowing("hold", SCORE.if_there(), |one, score| {
            hold_scored(one, score.unwrap_or(one.amount))
        });
    without.check().unwrap();
    let hold = &without.stages()[1].steps[0];
    let asked = |call: Option<crate::Call>| call.unwrap().read::<Account>().unwrap();
    let held = |amount| Account::Hold { transfer: 7, amount };
    assert_eq!(asked(hold.call(&TRANSFER, &()).unwrap()), held(300));
    assert_eq!(asked(hold.call(&TRANSFER, &kept([("screen", "5")])).unwrap()), held(5));
}

#[test]
fn an_undo_reads_its_own_answer_and_earlier_ones_and_of_others_whether_they_came() {
    const HELD: Answer<bool> = Answer::of("hold");
    let hold = || {
        Step::knowing("hold", SCORE, hold_scored)
            .reply(|()| true)
            .when(|transfer| transfer.amount > 0)
    };
    let all = (SCORE, HELD, PAID.if_there());
    let undone = hold().undo_knowing(all, |transfer, (score, is_held, paid)| {
        let amount = score + u64::from(is_held) + paid.unwrap_or_default();
        Account::Hold { transfer: transfer.id, amount }
    });
    let pay = Step::named("payment", screen).reply(|score: Score| score.0);
    let saga = named().all([screened()]).all([undone]).all([pay.clone()]);
    saga.check().unwrap();
    let of = |answers: BTreeMap<String, String>| {
        let undo = saga.stages()[1].steps[0].undo_call(&TRANSFER, &answers).unwrap().unwrap();
        undo.read::<Account>().unwrap()
    };
    let amount = |amount| Account::Hold { transfer: 7, amount };
    assert_eq!(of(kept([("screen", "40"), ("hold", "true")])), amount(41));
    assert_eq!(of(kept([("screen", "40"), ("hold", "true"), ("payment", "9")])), amount(50));
    let surely = hold().undo_knowing(PAID, hold_scored);
    let later = named().all([screened()]).all([surely]).all([pay]);
    let told_of = "the undoing of \"hold\" reads what \"payment\" is answered, \
                   which does not come before it";
    assert_eq!(told(&later), [told_of]);
}

#[test]
fn what_is_kept_of_an_event_is_read_like_an_answer() {
    let waits = || {
        Step::waiting_for(
            "payment",
            |paid: &Paid| paid.transfer.to_string(),
            |one: &Transfer, paid| {
                let is_enough = paid.amount >= one.amount;
                Some(if is_enough { Ok(paid.amount) } else { Err("it is too little".to_owned()) })
            },
        )
        .within(Duration::from_secs(9))
    };
    let saga = named().all([waits()]).step_knowing("hold", PAID, hold_scored);
    saga.check().unwrap();
    let wait = saga.stages()[0].steps[0].waits_for().unwrap();
    let event = |json: &'static str| -> Recorded {
        NewEvent {
            id: EventId::from_u128(1),
            event_type: EventType::new("payment.paid").unwrap(),
            schema_version: SchemaVersion::FIRST,
            metadata: Metadata::default(),
            data: Payload::json(json),
        }
        .recorded(StreamId::new("payment", 7).unwrap(), Version::new(1), Position::new(1))
    };
    let heard = wait.hear(&TRANSFER, event(r#"{"transfer":7,"amount":400}"#)).unwrap();
    assert_eq!(heard, Some((Turn::GoOn, Some(Payload::json("400")))));
    let heard = wait.hear(&TRANSFER, event(r#"{"transfer":7,"amount":4}"#)).unwrap();
    assert_eq!(heard, Some((Turn::Unwind("it is too little".to_owned()), None)));
    let before = named().step_knowing("hold", PAID, hold_scored).all([waits()]);
    let told_of = "\"hold\" reads what \"payment\" is answered, which does not come before it";
    assert_eq!(told(&before), [told_of]);
}

#[test]
fn who_cannot_do_without_an_answer_is_another_saga_and_who_keeps_one_more_is_not_when_it_waits() {
    let plain = named().all([screened()]).step("hold", settle).fingerprint();
    let knows = named().all([screened()]).step_knowing("hold", SCORE, hold_scored);
    assert_ne!(knows.fingerprint(), plain);
    let without = named().all([screened()]).step_knowing("hold", SCORE.if_there(), |one, score| {
        hold_scored(one, score.unwrap_or_default())
    });
    assert_eq!(without.fingerprint(), plain, "it goes on with what was kept before");
    let about = |paid: &Paid| paid.transfer.to_string();
    let waits = named().wait("payment", about, |_one, _paid| Some(Turn::GoOn));
    let keeps = named().wait_for("payment", about, |_one, paid| Some(Ok(paid.amount)));
    assert_eq!(keeps.fingerprint(), waits.fingerprint());
    assert_eq!(knows.shape().stages[1][0].reads, ["screen"]);
    let json = serde_json::to_string(&waits.shape()).unwrap();
    assert!(!json.contains("reads"), "shapes are written as they were: {json}");
}
