//! What holds for every account, whatever is asked of it and in whatever order.

use bank_domain::account::{Account, Command, Event, FreezeReason, TRANSFERS_REMEMBERED_MAX};
use bank_domain::interest::Yearly;
use bank_domain::ledger::{Head, postings, sum as ledger_sum};
use bank_domain::statement::Statement;
use bank_domain::{CustomerId, Day, LoanId, Purpose, Source, TransferId};
use ondol_domain::{Aggregate, Snapshot, fold};
use ondol_kernel::{Currency, Money};
use proptest::collection::vec;
use proptest::prelude::*;

const KIM: CustomerId = CustomerId::from_u128(1);

/// Amounts around the edges of what is allowed, in the right currency nearly always.
fn amounts() -> impl Strategy<Value = Money> {
    let won = prop_oneof![
        12 => 1_i64..2_000,
        1 => Just(0),
        1 => -5_i64..0,
        1 => Just(i64::MAX),
        1 => Just(i64::MIN),
    ];
    let currencies = prop_oneof![19 => Just(Currency::KRW), 1 => Just(Currency::USD)];
    (won, currencies).prop_map(|(minor, currency)| Money::new(minor, currency))
}

fn transfers() -> impl Strategy<Value = TransferId> {
    (0_u128..6).prop_map(TransferId::from_u128)
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => (1_u128..3).prop_map(|owner| Command::Open {
            owner: CustomerId::from_u128(owner),
            currency: Currency::KRW,
        }),
        6 => amounts().prop_map(|amount| Command::Deposit { amount }),
        4 => amounts().prop_map(|amount| Command::Withdraw { amount }),
        6 => (transfers(), amounts())
            .prop_map(|(transfer, amount)| Command::Hold { transfer, amount }),
        4 => transfers().prop_map(|transfer| Command::Settle { transfer }),
        4 => transfers().prop_map(|transfer| Command::Release { transfer }),
        3 => transfers().prop_flat_map(|id| (Just(id), amounts(), amounts()))
            .prop_map(|(transfer, amount, sold)| Command::Credit {
                source: match transfer.as_u128() % 4 {
                    0 => Source::Exchange { transfer, sold },
                    1 => Source::Loan { loan: transfer.of() },
                    2 => Source::Refund { payment: transfer.of(), refund: transfer.of() },
                    _ => Source::Transfer { transfer },
                },
                amount,
            }),
        2 => (transfers(), amounts(), amounts()).prop_map(|(id, amount, interest)| {
            let loan = LoanId::from_u128(1);
            Command::Charge { purpose: Purpose::Repayment { loan, repayment: id.of(), interest }, amount }
        }),
        3 => (transfers(), amounts())
            .prop_map(|(id, amount)| Command::Capture { payment: id.of(), amount }),
        1 => amounts().prop_map(|amount| Command::SetLimit { daily: Some(amount) }),
        1 => Just(Command::SetLimit { daily: None }),
        1 => Just(Command::EndDay),
        1 => (0_u32..=1_000_000).prop_map(|rate| Command::AgreeInterest {
            rate: Yearly::new(rate).expect("it is a rate"), from: day(0),
        }),
        3 => (0_i32..4).prop_map(|later| Command::PostInterest { day: day(later) }),
        1 => Just(Command::Freeze { because: FreezeReason::CourtOrder }),
        2 => Just(Command::Unfreeze),
        1 => Just(Command::Close),
    ]
}

fn day(later: i32) -> Day {
    Day::new(2026, 11, 28).expect("it is a day").plus(later)
}

/// A life of an account: opened first, so that most of what follows has an effect.
fn lives() -> impl Strategy<Value = Vec<Command>> {
    let open = Command::Open { owner: KIM, currency: Currency::KRW };
    vec(commands(), 0..120).prop_map(move |mut life| {
        life.insert(0, open.clone());
        life
    })
}

/// Lives through the commands; each event that is decided has to be possible.
fn live(life: Vec<Command>) -> (Account, Vec<Event>) {
    life.into_iter().fold(Default::default(), |(account, history), command| {
        let (account, events) = step(account, command);
        (account, [history, events].concat())
    })
}

fn step(account: Account, command: Command) -> (Account, Vec<Event>) {
    let events = account.decide(command).unwrap_or_default();
    let after = events.iter().try_fold(account, Account::evolve);
    (after.expect("decide yields nothing that evolve calls impossible"), events)
}

/// What came in less what went out, counted without the account's own arithmetic.
fn sum(history: &[Event]) -> i128 {
    let held = |of: &TransferId| {
        let mut amounts = history.iter().filter_map(move |event| match event {
            Event::Held { transfer, amount } if transfer == of => Some(amount.minor()),
            _ => None,
        });
        i128::from(amounts.next_back().expect("what is settled was held"))
    };
    let change = |event: &Event| match event {
        Event::Deposited { amount } => i128::from(amount.minor()),
        Event::Withdrawn { amount } | Event::Charged { amount, .. } => -i128::from(amount.minor()),
        Event::Settled { transfer } => -held(transfer),
        Event::Captured { taken, .. } => -i128::from(taken.minor()),
        Event::Credited { amount, .. } | Event::InterestPosted { amount, .. } => {
            i128::from(amount.minor())
        }
        Event::Opened { .. }
        | Event::Held { .. }
        | Event::Released { .. }
        | Event::Frozen { .. }
        | Event::Unfrozen
        | Event::LimitSet { .. }
        | Event::DayBegun
        | Event::DayEnded
        | Event::InterestAgreed { .. }
        | Event::Closed => 0,
    };
    history.iter().map(change).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved(life in lives()) {
        let (account, history) = live(life);
        let on_it = match &account {
            Account::Open(book) => {
                let parts = book.available().checked_add(book.held());
                prop_assert_eq!(parts, Ok(book.balance()));
                prop_assert!(!book.available().is_negative() && !book.held().is_negative());
                book.balance().minor()
            }
            Account::Unopened | Account::Closed => 0,
        };
        prop_assert_eq!(i128::from(on_it), sum(&history));
    }

    #[test]
    fn at_every_position_the_postings_of_each_currency_sum_to_zero(life in lives()) {
        let (_, history) = live(life);
        let mut account = Account::default();
        let mut posted = Vec::new();
        for event in &history {
            posted.extend(postings("kim", event));
            for currency in [Currency::KRW, Currency::USD] {
                prop_assert_eq!(ledger_sum(&posted, currency), 0, "{:?}", event);
            }
            account = account.evolve(event).unwrap();
            let own = posted.iter().filter(|posting| posting.head == Head::Account("kim".into()));
            let free = match &account {
                Account::Open(book) => book.available().minor(),
                Account::Unopened | Account::Closed => 0,
            };
            prop_assert_eq!(ledger_sum(own, Currency::KRW), i128::from(free), "{:?}", event);
        }
    }

    #[test]
    fn a_statement_goes_from_its_opening_to_its_closing_balance_row_by_row(
        life in lives(), at: prop::sample::Index,
    ) {
        let (account, history) = live(life);
        let (before, after) = history.split_at(at.index(history.len()));
        let timed = after.iter().map(|event| (ondol_kernel::Timestamp::EPOCH, event));
        let statement = Statement::of(fold(before).unwrap(), timed).unwrap();
        let Some(statement) = statement else { return Ok(()) };
        let mut balance = statement.opening;
        for row in &statement.rows {
            balance = balance.checked_add(row.change).unwrap();
            prop_assert_eq!(balance, row.balance);
        }
        prop_assert_eq!(balance, statement.closing);
        if let Some(on_it) = account.balance() {
            prop_assert_eq!(on_it, statement.closing);
        }
    }

    #[test]
    fn no_more_leaves_in_a_day_than_its_limit(
        life in lives(), limit in 1_i64..3_000, rest in vec(commands(), 0..60),
    ) {
        let (account, _) = live(life);
        let limit = Money::new(limit, Currency::KRW);
        let (account, _) = step(account, Command::Unfreeze);
        let (account, _) = step(account, Command::EndDay);
        let (mut account, _) = step(account, Command::SetLimit { daily: Some(limit) });
        let mut today = std::collections::BTreeMap::new();
        let mut gone = 0;
        let is_of_the_day = |command: &Command| !matches!(
            command, Command::EndDay | Command::SetLimit { .. }
        );
        for command in rest.into_iter().filter(is_of_the_day) {
            let (after, events) = step(account, command);
            account = after;
            for event in events {
                match event {
                    Event::Withdrawn { amount } => gone += amount.minor(),
                    Event::Held { transfer, amount } => drop(today.insert(transfer, amount.minor())),
                    Event::Released { transfer, .. } => drop(today.remove(&transfer)),
                    Event::Captured { payment, taken, .. } => {
                        if let Some(held) = today.get_mut(&payment.of()) {
                            *held = taken.minor();
                        }
                    }
                    _ => {}
                }
            }
            prop_assert!(gone + today.values().sum::<i64>() <= limit.minor());
        }
    }

    #[test]
    fn decide_yields_nothing_that_evolve_calls_impossible(life in lives(), last in commands()) {
        let (account, history) = live(life);
        prop_assert_eq!(&fold::<Account>(&history), &Ok(account.clone()));
        step(account, last);
    }

    #[test]
    fn asking_a_transfer_twice_is_the_same_as_asking_once(
        life in lives(), transfer in transfers(), amount in amounts(),
    ) {
        let (account, _) = live(life);
        let asked = [
            Command::Hold { transfer, amount },
            Command::Settle { transfer },
            Command::Release { transfer },
        ];
        for command in asked {
            let (once, events) = step(account.clone(), command.clone());
            if !events.is_empty() {
                prop_assert_eq!(once.decide(command), Ok(Vec::new()));
            }
        }
    }

    #[test]
    fn a_snapshot_and_what_came_after_are_the_same_as_a_replay(life in lives(), at: prop::sample::Index) {
        let (account, history) = live(life);
        let (before, after) = history.split_at(at.index(history.len()));
        let snapshot = Snapshot::<Account>::json();
        let written = snapshot.write(&fold(before).unwrap()).unwrap();
        let read = snapshot.read(&written).unwrap();
        prop_assert_eq!(after.iter().try_fold(read, Account::evolve), Ok(account));
    }
}

#[test]
fn an_account_remembers_only_so_many_transfers() {
    let amount = Money::new(1, Currency::KRW);
    let count = TRANSFERS_REMEMBERED_MAX as u128 + 50;
    let transfers = (0..count)
        .map(TransferId::from_u128)
        .flat_map(|transfer| [Command::Hold { transfer, amount }, Command::Release { transfer }]);
    let opening =
        [Command::Open { owner: KIM, currency: Currency::KRW }, Command::Deposit { amount }];
    let (account, _) = live(opening.into_iter().chain(transfers).collect());
    let Account::Open(book) = account else { unreachable!("nothing has closed it") };
    let remembered = |number| book.promise(TransferId::from_u128(number)).is_some();
    assert_eq!((0..count).filter(|number| remembered(*number)).count(), TRANSFERS_REMEMBERED_MAX);
    assert!(remembered(count - 1) && !remembered(0), "the newest are the ones remembered");
}

#[test]
fn an_account_can_be_written_down_between_events() {
    assert!(Account::snapshot().is_some(), "a long life would be replayed for every withdrawal");
}

#[test]
fn a_corrupt_history_is_found_where_it_is_read() {
    let opened = Event::Opened { owner: KIM, currency: Currency::KRW };
    let won = |won| Money::new(won, Currency::KRW);
    let transfer = TransferId::from_u128(1);
    let taken = Event::Withdrawn { amount: won(1) };
    let held = |amount| Event::Held { transfer, amount: won(amount) };
    let promised = |events: &[Event]| {
        [&[opened.clone(), Event::Deposited { amount: won(3) }], events].concat()
    };
    let histories = [
        vec![taken.clone()],
        vec![opened.clone(), taken],
        vec![opened.clone(), opened.clone()],
        vec![opened.clone(), Event::Deposited { amount: won(-1) }],
        vec![opened.clone(), Event::Deposited { amount: Money::new(1, Currency::USD) }],
        vec![opened.clone(), Event::Settled { transfer }],
        vec![opened.clone(), Event::Released { transfer, amount: None }],
        vec![opened.clone(), Event::Deposited { amount: won(1) }, Event::Closed],
        vec![opened.clone(), Event::Closed, Event::Unfrozen],
        promised(&[held(1), held(1)]),
        promised(&[held(1), Event::Settled { transfer }, held(1)]),
        promised(&[held(1), Event::Released { transfer, amount: None }, held(1)]),
        promised(&[held(4)]),
        promised(&[held(3), Event::Withdrawn { amount: won(1) }]),
        promised(&[
            held(1),
            Event::Settled { transfer },
            Event::Released { transfer, amount: None },
        ]),
        vec![opened.clone(), held(0)],
    ];
    for history in histories {
        assert!(fold::<Account>(&history).is_err(), "{history:?} was believed");
    }
}
