//! A transfer, with everything that can go wrong going wrong: no money is lost and none is made.

use std::collections::BTreeMap;

use bank_domain::account::{Account, Command, Event, Refusal};
use bank_domain::contract::{Current, Savings, Screen, Screened, Suspicion};
use bank_domain::transfer::{Transfer, transfer};
use bank_domain::{CustomerId, TransferId};
use ondol_domain::{Aggregate, Contract};
use ondol_kernel::{Currency, Money};
use ondol_saga::{Books, SagaProof};

const OWNER: CustomerId = CustomerId::from_u128(1);

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

/// The accounts of one service.
#[derive(Debug, Clone)]
struct CurrentAccounts(BTreeMap<String, Account>);

/// The accounts of the other.
#[derive(Debug, Clone)]
struct SavingsAccounts(BTreeMap<String, Account>);

fn with(balance: i64) -> Account {
    let currency = Currency::KRW;
    let events =
        [Event::Opened { owner: OWNER, currency }, Event::Deposited { amount: krw(balance) }];
    ondol_domain::fold(&events).expect("money can be paid in")
}

fn asked(
    accounts: &mut BTreeMap<String, Account>,
    key: String,
    command: Command,
) -> Result<(), Refusal> {
    let account = accounts.entry(key).or_default();
    for event in account.decide(command)? {
        *account = account.clone().evolve(&event).expect("what was decided can happen");
    }
    Ok(())
}

/// What an owner can spend, and what is promised to others.
fn money(accounts: &BTreeMap<String, Account>) -> (i64, i64) {
    let books = accounts.values().filter_map(|account| match account {
        Account::Open(book) => Some((book.available().minor(), book.balance().minor())),
        Account::Unopened | Account::Closed => None,
    });
    books.fold((0, 0), |(free, held), (available, balance)| {
        (free + available, held + balance - available)
    })
}

fn proof(amount: i64) -> SagaProof<Transfer> {
    let start = Transfer {
        id: TransferId::from_u128(7),
        from: "kim".into(),
        to: "lee".into(),
        amount: krw(amount),
    };
    SagaProof::of(transfer())
        .starting_with(start)
        .service::<Current, _>(
            CurrentAccounts([("kim".to_owned(), with(1_000))].into()),
            |accounts, command| asked(&mut accounts.0, command.key(), command.command()),
        )
        .service::<Savings, _>(
            SavingsAccounts([("lee".to_owned(), with(500))].into()),
            |accounts, command| asked(&mut accounts.0, command.key(), command.command()),
        )
        .service::<Screen, _>(0, |screened, command| {
            *screened += 1;
            if command.amount > krw(900) {
                return Err(Suspicion::LooksLikeFraud);
            }
            Ok(Screened { oddness: 3 })
        })
        .invariant("nothing is lost, nothing is made, nothing stays promised", |books: &Books| {
            let (current, held) = money(&books.service::<CurrentAccounts>().0);
            let (savings, _) = money(&books.service::<SavingsAccounts>().0);
            let sum = current + savings;
            if (sum, held) == (1_500, 0) {
                return Ok(());
            }
            Err(format!("{sum} can be spent of 1500, and {held} is promised"))
        })
}

#[test]
fn no_transfer_loses_money_or_makes_any_whatever_goes_wrong() {
    let report = proof(300).check();
    let guide = include_str!("../../../../docs/guide/src/sagas.md");
    let said = format!("(`the saga \"bank.transfer\" holds in {} cases: …`)", report.cases);
    assert!(guide.contains(&said), "the guide has to say {said}: {report}");
}
