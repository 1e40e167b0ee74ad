//! A sound saga holds in every case; one with a planted fault is found out, and readably.

use std::time::Duration;

use bank_domain::account::{Account, Command, Event};
use bank_domain::{CustomerId, TransferId};
use ondol_domain::{Answer, Contract, Facts, Retry, Saga, Step, ask};
use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use super::{Books, SagaProof};

const T: TransferId = TransferId::from_u128(7);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Transfer {
    id: TransferId,
    from: String,
    to: String,
    amount: Money,
}

/// How odd a transfer looks.
const SCORE: Answer<u32> = Answer::of("screen");
/// That it was agreed to.
const AGREED: Answer<TransferId> = Answer::of("agreement");

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn start() -> Transfer {
    Transfer { id: T, from: "kim".into(), to: "lee".into(), amount: krw(300) }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Screen {
    amount: Money,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for Screen {
    const SERVICE: &'static str = "bank.fraud";
    type Reply = u32;
    type Refusal = No;

    fn key(&self) -> String {
        "screen".to_owned()
    }
}

type Asked = ondol_domain::Own<Account>;

fn screen(t: &Transfer) -> Screen {
    Screen { amount: t.amount }
}

fn hold(t: &Transfer) -> Asked {
    ask(&t.from, Command::Hold { transfer: t.id, amount: t.amount })
}

fn release(t: &Transfer) -> Asked {
    ask(&t.from, Command::Release { transfer: t.id })
}

fn deposit(t: &Transfer) -> Asked {
    ask(&t.to, Command::Deposit { amount: t.amount })
}

fn withdraw(t: &Transfer) -> Asked {
    ask(&t.to, Command::Withdraw { amount: t.amount })
}

fn hold_there(t: &Transfer) -> Asked {
    ask(&t.to, Command::Hold { transfer: t.id, amount: t.amount })
}

fn release_there(t: &Transfer) -> Asked {
    ask(&t.to, Command::Release { transfer: t.id })
}

fn settle(t: &Transfer) -> Asked {
    ask(&t.from, Command::Settle { transfer: t.id })
}

fn named() -> Saga<Transfer> {
    Saga::<Transfer>::named("bank.transfer", 1)
        .identified_by(|t| t.id.to_string())
        .step("screen", screen)
        .reply(|score: u32| score)
}

fn transfer() -> Saga<Transfer> {
    named()
        .step("debit", hold)
        .undo(release)
        .within(Duration::from_secs(30))
        .step("credit", deposit)
        .pivot()
        .step("settle", settle)
        .deadline(Duration::from_secs(600))
}

fn account(balance: i64) -> Account {
    let owner = CustomerId::from_u128(1);
    ondol_domain::fold([
        &Event::Opened { owner, currency: Currency::KRW },
        &Event::Deposited { amount: krw(balance) },
    ])
    .expect("money can be paid in")
}

fn books(proof: SagaProof<Transfer>) -> SagaProof<Transfer> {
    proof
        .starting_with(start())
        .things([("kim", account(1_000)), ("lee", account(500))])
        .service::<Screen, u32>(0, |screened, _screen| {
            *screened += 1;
            Ok(*screened)
        })
        .invariant("no money comes or goes, and all of it can be spent", |books: &Books| {
            let free = books.things::<Account>().into_values().map(|account| match account {
                Account::Open(book) => book.available().minor(),
                Account::Unopened | Account::Closed => 0,
            });
            let free: i64 = free.sum();
            if free == 1_500 { Ok(()) } else { Err(format!("{free} can be spent of 1500")) }
        })
}

fn found(saga: Saga<Transfer>) -> String {
    let counter_example = books(SagaProof::of(saga)).run().expect_err("there is a fault");
    counter_example.to_string()
}

#[test]
fn a_sound_transfer_holds_in_every_case() {
    let report = books(SagaProof::of(transfer())).check();
    assert!(report.single >= 50, "{report}");
    assert!(report.crashed >= 300, "{report}");
    assert!(report.double >= 800, "{report}");
    assert!(report.undone_again >= 2, "{report}");
}

#[test]
fn a_missing_undo_is_found_out() {
    let saga = named().step("debit", hold).step("credit", deposit).pivot().step("settle", settle);
    let told = found(saga);
    assert!(told.contains("1200 can be spent of 1500"), "{told}");
    assert!(told.contains("its answer is lost 6×"), "{told}");
    assert!(told.contains("turns round"), "{told}");
}

#[test]
fn t29_an_undo_that_is_not_idempotent_is_found_out() {
    let saga = named()
        .step("credit", deposit)
        .undo(withdraw)
        .step("debit", hold)
        .undo(release)
        .pivot()
        .step("settle", settle);
    let told = found(saga);
    assert!(told.contains("the undoing of \"credit\" is asked"), "{told}");
    assert!(told.contains("changed the books"), "{told}");
}

#[test]
fn steps_in_the_wrong_order_are_found_out() {
    let saga =
        named().step("debit", hold).undo(release).step("settle", settle).step("credit", deposit);
    let told = found(saga);
    assert!(told.contains("it has not ended"), "{told}");
    assert!(told.contains("the money held for this transfer has left the account"), "{told}");
}

#[test]
fn a_pivot_too_early_is_found_out() {
    let saga =
        named().step("debit", hold).undo(release).step("credit", deposit).step("settle", settle);
    let told = found(saga);
    assert!(told.contains("can be spent of 1500"), "{told}");
}

#[test]
fn steps_side_by_side_hold_in_every_case() {
    let saga = Saga::<Transfer>::named("bank.pair", 1)
        .all([
            Step::named("first", hold).undo(release),
            Step::named("second", hold_there).undo(release_there),
        ])
        .step("screen", screen)
        .reply(|score: u32| score)
        .when(|t| t.amount > krw(100))
        .deadline(Duration::from_secs(60))
        .step("refused at last", settle)
        .when_knowing(SCORE.if_there(), |_t, score| score == Some(999));
    let proof = SagaProof::of(saga)
        .starting_with(start())
        .starting_with(Transfer { amount: krw(50), ..start() })
        .things([("kim", account(1_000)), ("lee", account(500))])
        .service::<Screen, u32>(0, |_screened, _screen| Ok(1));
    let report = proof.check();
    assert!(report.cases > 2_000, "{report}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Agreed {
    transfer: TransferId,
}

impl Facts for Agreed {
    const KIND: &'static str = "bank.approval";
}

#[test]
fn a_saga_that_waits_holds_in_every_case() {
    let saga = Saga::<Transfer>::named("bank.approved", 1)
        .identified_by(|t| t.id.to_string())
        .step("debit", hold)
        .undo(release)
        .wait_for(
            "agreement",
            |agreed: &Agreed| agreed.transfer.to_string(),
            |_t, agreed| Some(Ok(agreed.transfer)),
        )
        .within(Duration::from_secs(3_600))
        .step_knowing("credit", AGREED, |t, agreed| {
            assert_eq!(agreed, t.id, "what was agreed to is known");
            deposit(t)
        })
        .retry(Retry { attempts_max: 2, ..Retry::default() })
        .pivot()
        .step("settle", settle);
    let proof = books(SagaProof::of(saga)).happens("agreement", |t| Agreed { transfer: t.id });
    proof.check();
}
