//! What an account does with what comes and goes elsewhere in the bank: days and their limits,
//! interest, cards, loans.

use bank_domain::account::{Account, Command, Event, Kind, Refusal};
use bank_domain::interest::{Carried, Yearly};
use bank_domain::ledger::{Head, Posting, postings};
use bank_domain::{CustomerId, Day, LoanId, PaymentId, Purpose, Source, TransferId};
use ondol_domain::Aggregate;
use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;

const OPENED: Event = Event::Opened { owner: CustomerId::from_u128(1), currency: Currency::KRW };
const T1: TransferId = TransferId::from_u128(11);
const T2: TransferId = TransferId::from_u128(12);
const PAYMENT: PaymentId = PaymentId::from_u128(31);
const LOAN: LoanId = LoanId::from_u128(21);

fn krw(won: i64) -> Money {
    Money::new(won, Currency::KRW)
}

fn deposited(won: i64) -> Event {
    Event::Deposited { amount: krw(won) }
}

fn day(text: &str) -> Day {
    text.parse().expect("it is a day")
}

fn limited(won: i64) -> [Event; 3] {
    [OPENED, deposited(1_000), Event::LimitSet { daily: Some(krw(won)) }]
}

fn withdraw(won: i64) -> Command {
    Command::Withdraw { amount: krw(won) }
}

#[test]
fn only_so_much_leaves_in_a_day() {
    Story::<Account>::given(limited(300))
        .when(withdraw(301))
        .refused(Refusal::OverDailyLimit { left: krw(300) })
        .when(withdraw(200))
        .then([Event::DayBegun, Event::Withdrawn { amount: krw(200) }])
        .when(Command::Hold { transfer: T1, amount: krw(101) })
        .refused(Refusal::OverDailyLimit { left: krw(100) })
        .when(Command::Hold { transfer: T1, amount: krw(100) })
        .then([Event::Held { transfer: T1, amount: krw(100) }])
        .when(withdraw(1))
        .refused(Refusal::OverDailyLimit { left: krw(0) })
        .when(Command::EndDay)
        .then([Event::DayEnded])
        .when(Command::EndDay)
        .nothing_happens()
        .when(withdraw(300))
        .then([Event::DayBegun, Event::Withdrawn { amount: krw(300) }]);
}

#[test]
fn what_was_promised_today_and_taken_back_counts_no_more() {
    Story::<Account>::given(limited(300))
        .when(Command::Hold { transfer: T1, amount: krw(300) })
        .then([Event::DayBegun, Event::Held { transfer: T1, amount: krw(300) }])
        .when(Command::Release { transfer: T1 })
        .then([Event::Released { transfer: T1, amount: Some(krw(300)) }])
        .when(withdraw(300))
        .then([Event::Withdrawn { amount: krw(300) }]);
}

#[test]
fn a_limit_is_of_the_accounts_currency_and_can_be_lifted() {
    let dollars = Money::new(1, Currency::USD);
    let other = Refusal::OtherCurrency { kept_in: Currency::KRW, amount: dollars };
    Story::<Account>::given(limited(300))
        .when(Command::SetLimit { daily: Some(dollars) })
        .refused(other)
        .when(Command::SetLimit { daily: Some(krw(-1)) })
        .refused(Refusal::NothingToMove { amount: krw(-1) })
        .when(Command::SetLimit { daily: Some(krw(300)) })
        .nothing_happens()
        .when(Command::SetLimit { daily: None })
        .then([Event::LimitSet { daily: None }])
        .when(withdraw(1_000))
        .then([Event::Withdrawn { amount: krw(1_000) }]);
}

#[test]
fn a_day_ends_by_a_timer_and_the_interest_of_a_day_is_posted_when_it_has_ended() {
    let timers = |event: &Event| format!("{:?}", Account::timers(event));
    let told = timers(&Event::DayBegun);
    assert!(told.contains("Next") && told.contains("Asia/Seoul") && told.contains("EndDay"));
    let carried = Carried::default();
    let (day, amount) = (day("2026-12-31"), krw(1));
    let told = timers(&Event::InterestPosted { day, amount, carried });
    assert!(told.contains("year: 2027, month: 1, day: 2"), "{told}");
    assert!(timers(&Event::Closed).contains("Cancel"));
}

#[test]
fn the_interest_of_each_day_is_posted_once_and_in_order() {
    let rate = Yearly::new(20_000).expect("a rate");
    let from = day("2026-11-28");
    let carried = |parts: u32| serde_json_carried(parts);
    let story = Story::<Account>::given([OPENED, deposited(1_000_000)])
        .when(Command::PostInterest { day: from })
        .refused(Refusal::NoInterest)
        .when(Command::AgreeInterest { rate, from })
        .then([Event::InterestAgreed { rate, from }])
        .when(Command::PostInterest { day: from.next() })
        .refused(Refusal::InterestOutOfOrder { next: from })
        .when(Command::PostInterest { day: from })
        // 1,000,000 × 2 % ÷ 365 = 54.79…
        .then([Event::InterestPosted { day: from, amount: krw(54), carried: carried(290_000_000) }])
        .when(Command::PostInterest { day: from })
        .nothing_happens();
    let Account::Open(book) = story.state() else { unreachable!("nothing has closed it") };
    assert_eq!((book.kind(), book.balance()), (Kind::Savings, krw(1_000_054)));
}

/// So many parts of a smallest unit, as they are written.
fn serde_json_carried(parts: u32) -> Carried {
    ondol_domain::json::from_value(parts.into()).expect("it is a number")
}

#[test]
fn what_comes_from_elsewhere_in_the_bank_is_entered_once() {
    let source = Source::Transfer { transfer: T1 };
    let credit = |won| Command::Credit { source, amount: krw(won) };
    Story::<Account>::given([OPENED])
        .when(credit(500))
        .then([Event::Credited { source, amount: krw(500) }])
        .when(credit(500))
        .nothing_happens();
}

#[test]
fn a_payment_takes_what_was_promised_to_it_or_less() {
    let hold = PAYMENT.of();
    let captured = Event::Captured { payment: PAYMENT, taken: krw(700), left: krw(100) };
    let capture = |won| Command::Capture { payment: PAYMENT, amount: krw(won) };
    let story = Story::<Account>::given([
        OPENED,
        deposited(1_000),
        Event::Held { transfer: hold, amount: krw(800) },
    ])
    .when(capture(801))
    .refused(Refusal::HeldAlready { held: krw(800) })
    .when(capture(700))
    .then([captured])
    .when(capture(700))
    .nothing_happens()
    .when(capture(1))
    .refused(Refusal::SettledAlready)
    .when(Command::Release { transfer: hold })
    .refused(Refusal::SettledAlready);
    assert_eq!(story.state().balance(), Some(krw(300)));
}

#[test]
fn what_is_owed_to_the_bank_is_kept_back_by_no_limit_but_by_what_is_there() {
    let purpose = Purpose::Repayment { loan: LOAN, repayment: T2.of(), interest: krw(10) };
    let charge = |won| Command::Charge { purpose, amount: krw(won) };
    Story::<Account>::given(limited(1))
        .when(charge(1_001))
        .refused(Refusal::NotEnoughMoney { available: krw(1_000) })
        .when(charge(9))
        .refused(Refusal::NothingToMove { amount: krw(10) })
        .when(charge(400))
        .then([Event::Charged { purpose, amount: krw(400) }])
        .when(charge(400))
        .nothing_happens();
}

#[test]
fn money_on_its_way_is_in_the_suspense_account_until_it_has_arrived() {
    let posted = |account: &str, event: &Event| {
        let line = |posting: &Posting| format!("{} {}", posting.head, posting.amount.minor());
        postings(account, event).iter().map(line).collect::<Vec<_>>()
    };
    let held = Event::Held { transfer: T1, amount: krw(300) };
    assert_eq!(posted("kim", &held), ["account.kim -300", "suspense.in_flight 300"]);
    let source = Source::Transfer { transfer: T1 };
    let credited = Event::Credited { source, amount: krw(300) };
    assert_eq!(posted("lee", &credited), ["suspense.in_flight -300", "account.lee 300"]);
    assert!(posted("kim", &Event::Settled { transfer: T1 }).is_empty());
    let sold = Money::new(200, Currency::USD);
    let source = Source::Exchange { transfer: T1, sold };
    let exchanged = Event::Credited { source, amount: krw(2_700) };
    let lines = ["suspense.in_flight -200", "exchange 200", "exchange -2700", "account.lee 2700"];
    assert_eq!(posted("lee", &exchanged), lines);
    assert_eq!(Head::InFlight.to_string(), "suspense.in_flight");
}
