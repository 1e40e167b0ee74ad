//! What an account does, told as stories a teller can check.

use bank_domain::account::{Account, Command, Event, FreezeReason, HOLDS_MAX, Refusal};
use bank_domain::{CustomerId, TransferId};
use ondol_kernel::{Currency, Money};
use ondol_testkit::Story;

const KIM: CustomerId = CustomerId::from_u128(1);
const LEE: CustomerId = CustomerId::from_u128(2);
const T1: TransferId = TransferId::from_u128(11);
const T2: TransferId = TransferId::from_u128(12);

const OPENED: Event = Event::Opened { owner: KIM, currency: Currency::KRW };
const FROZEN: Event = Event::Frozen { because: FreezeReason::SuspectedFraud };

fn krw(won: i64) -> Money {
    Money::new(won, Currency::KRW)
}

fn deposited(won: i64) -> Event {
    Event::Deposited { amount: krw(won) }
}

fn held(transfer: TransferId, won: i64) -> Event {
    Event::Held { transfer, amount: krw(won) }
}

fn balance(account: &Account) -> Money {
    match account {
        Account::Open(book) => book.balance(),
        Account::Unopened | Account::Closed => krw(0),
    }
}

#[test]
fn a_million_less_three_hundred_thousand_plus_half_a_million_is_1_200_000_won() {
    let story = Story::<Account>::new()
        .when(Command::Open { owner: KIM, currency: Currency::KRW })
        .then([OPENED])
        .when(Command::Deposit { amount: krw(1_000_000) })
        .then([deposited(1_000_000)])
        .when(Command::Withdraw { amount: krw(300_000) })
        .then([Event::Withdrawn { amount: krw(300_000) }])
        .when(Command::Deposit { amount: krw(500_000) })
        .then([deposited(500_000)]);
    assert_eq!(balance(story.state()).to_string(), "1,200,000 KRW");
}

#[test]
fn an_account_that_nobody_opened_does_nothing() {
    for command in [Command::Deposit { amount: krw(1) }, Command::Unfreeze, Command::Close] {
        Story::<Account>::new().when(command).refused(Refusal::NotOpened);
    }
}

#[test]
fn an_account_opens_once_for_one_customer_in_one_currency() {
    Story::<Account>::given([OPENED])
        .when(Command::Open { owner: KIM, currency: Currency::KRW })
        .nothing_happens()
        .when(Command::Open { owner: LEE, currency: Currency::KRW })
        .refused(Refusal::AlreadyOpened)
        .when(Command::Open { owner: KIM, currency: Currency::USD })
        .refused(Refusal::AlreadyOpened);
}

#[test]
fn nothing_and_less_than_nothing_cannot_be_moved() {
    for won in [0, -1, i64::MIN] {
        let amount = krw(won);
        Story::<Account>::given([OPENED, deposited(1_000)])
            .when(Command::Deposit { amount })
            .refused(Refusal::NothingToMove { amount })
            .when(Command::Withdraw { amount })
            .refused(Refusal::NothingToMove { amount })
            .when(Command::Hold { transfer: T1, amount })
            .refused(Refusal::NothingToMove { amount });
    }
}

#[test]
fn an_account_is_kept_in_one_currency() {
    let amount = Money::new(100, Currency::USD);
    let refusal = || Refusal::OtherCurrency { kept_in: Currency::KRW, amount };
    Story::<Account>::given([OPENED, deposited(1_000)])
        .when(Command::Deposit { amount })
        .refused(refusal())
        .when(Command::Withdraw { amount })
        .refused(refusal())
        .when(Command::Hold { transfer: T1, amount })
        .refused(refusal());
    assert_eq!(refusal().to_string(), "the account is kept in KRW, 1.00 USD is not");
}

#[test]
fn the_last_won_can_be_withdrawn_and_not_one_more() {
    Story::<Account>::given([OPENED, deposited(1_000)])
        .when(Command::Withdraw { amount: krw(1_001) })
        .refused(Refusal::NotEnoughMoney { available: krw(1_000) })
        .when(Command::Withdraw { amount: krw(1_000) })
        .then([Event::Withdrawn { amount: krw(1_000) }])
        .when(Command::Withdraw { amount: krw(1) })
        .refused(Refusal::NotEnoughMoney { available: krw(0) });
}

#[test]
fn more_than_can_be_counted_is_refused() {
    Story::<Account>::given([OPENED, deposited(i64::MAX)])
        .when(Command::Deposit { amount: krw(1) })
        .refused(Refusal::TooMuchMoney { balance: krw(i64::MAX) });
}

#[test]
fn money_held_for_one_transfer_cannot_be_spent_by_another() {
    Story::<Account>::given([OPENED, deposited(1_000), held(T1, 800)])
        .when(Command::Hold { transfer: T2, amount: krw(300) })
        .refused(Refusal::NotEnoughMoney { available: krw(200) })
        .when(Command::Withdraw { amount: krw(201) })
        .refused(Refusal::NotEnoughMoney { available: krw(200) })
        .when(Command::Hold { transfer: T2, amount: krw(200) })
        .then([held(T2, 200)]);
}

#[test]
fn money_is_held_for_a_transfer_once() {
    Story::<Account>::given([OPENED, deposited(1_000)])
        .when(Command::Hold { transfer: T1, amount: krw(300) })
        .then([held(T1, 300)])
        .when(Command::Hold { transfer: T1, amount: krw(300) })
        .nothing_happens()
        .when(Command::Hold { transfer: T1, amount: krw(400) })
        .refused(Refusal::HeldAlready { held: krw(300) });
}

#[test]
fn settled_money_leaves_once() {
    let story = Story::<Account>::given([OPENED, deposited(1_000), held(T1, 800)])
        .when(Command::Settle { transfer: T1 })
        .then([Event::Settled { transfer: T1 }])
        .when(Command::Settle { transfer: T1 })
        .nothing_happens()
        .when(Command::Hold { transfer: T1, amount: krw(800) })
        .nothing_happens()
        .when(Command::Hold { transfer: T1, amount: krw(801) })
        .refused(Refusal::SettledAlready)
        .when(Command::Release { transfer: T1 })
        .refused(Refusal::SettledAlready);
    assert_eq!(balance(story.state()), krw(200));
}

#[test]
fn released_money_can_be_spent_again() {
    Story::<Account>::given([OPENED, deposited(1_000), held(T1, 800)])
        .when(Command::Release { transfer: T1 })
        .then([Event::Released { transfer: T1, amount: Some(krw(800)) }])
        .when(Command::Release { transfer: T1 })
        .nothing_happens()
        .when(Command::Settle { transfer: T1 })
        .refused(Refusal::ReleasedAlready)
        .when(Command::Hold { transfer: T1, amount: krw(800) })
        .refused(Refusal::ReleasedAlready)
        .when(Command::Withdraw { amount: krw(1_000) })
        .then([Event::Withdrawn { amount: krw(1_000) }]);
}

#[test]
fn a_transfer_that_never_came_to_hold_anything_is_undone_by_doing_nothing() {
    Story::<Account>::given([OPENED])
        .when(Command::Release { transfer: T1 })
        .nothing_happens()
        .when(Command::Settle { transfer: T1 })
        .refused(Refusal::NothingHeld);
}

#[test]
fn only_so_many_transfers_are_promised_money_at_once() {
    let transfers = (0..HOLDS_MAX).map(|number| TransferId::from_u128(number.into()));
    let holds = transfers.map(|transfer| held(transfer, 1));
    Story::<Account>::given([OPENED, deposited(1_000)].into_iter().chain(holds))
        .when(Command::Hold { transfer: TransferId::from_u128(1_000), amount: krw(1) })
        .refused(Refusal::TooManyHolds { most: HOLDS_MAX });
}

#[test]
fn money_does_not_leave_a_frozen_account() {
    Story::<Account>::given([OPENED, deposited(1_000), FROZEN])
        .when(Command::Withdraw { amount: krw(1) })
        .refused(Refusal::Frozen)
        .when(Command::Hold { transfer: T1, amount: krw(1) })
        .refused(Refusal::Frozen)
        .when(Command::Close)
        .refused(Refusal::Frozen)
        .when(Command::Unfreeze)
        .then([Event::Unfrozen])
        .when(Command::Withdraw { amount: krw(1) })
        .then([Event::Withdrawn { amount: krw(1) }]);
}

#[test]
fn a_frozen_account_takes_money_in_and_keeps_its_promises() {
    Story::<Account>::given([OPENED, deposited(1_000), held(T1, 300), held(T2, 300), FROZEN])
        .when(Command::Deposit { amount: krw(1) })
        .then([deposited(1)])
        .when(Command::Settle { transfer: T1 })
        .then([Event::Settled { transfer: T1 }])
        .when(Command::Release { transfer: T2 })
        .then([Event::Released { transfer: T2, amount: Some(krw(300)) }]);
}

#[test]
fn freezing_and_unfreezing_twice_is_the_same_as_once() {
    Story::<Account>::given([OPENED])
        .when(Command::Unfreeze)
        .nothing_happens()
        .when(Command::Freeze { because: FreezeReason::CourtOrder })
        .then([Event::Frozen { because: FreezeReason::CourtOrder }])
        .when(Command::Freeze { because: FreezeReason::OwnerAsked })
        .nothing_happens();
}

#[test]
fn an_account_closes_for_good_and_only_when_nothing_is_on_it() {
    Story::<Account>::given([OPENED, deposited(1_000)])
        .when(Command::Close)
        .refused(Refusal::NotEmpty { balance: krw(1_000) })
        .when(Command::Withdraw { amount: krw(1_000) })
        .then([Event::Withdrawn { amount: krw(1_000) }])
        .when(Command::Close)
        .then([Event::Closed])
        .when(Command::Close)
        .nothing_happens()
        .when(Command::Deposit { amount: krw(1) })
        .refused(Refusal::Closed)
        .when(Command::Open { owner: KIM, currency: Currency::KRW })
        .refused(Refusal::Closed);
}

#[test]
fn an_order_of_a_court_is_not_lost_on_an_account_that_is_frozen_already() {
    let freeze = |because| Command::Freeze { because };
    let frozen = |because| Event::Frozen { because };
    let story = Story::<Account>::given([OPENED, frozen(FreezeReason::OwnerAsked)])
        .when(freeze(FreezeReason::OwnerAsked))
        .nothing_happens()
        .when(freeze(FreezeReason::SuspectedFraud))
        .then([frozen(FreezeReason::SuspectedFraud)])
        .when(freeze(FreezeReason::CourtOrder))
        .then([frozen(FreezeReason::CourtOrder)])
        .when(freeze(FreezeReason::SuspectedFraud))
        .nothing_happens();
    let Account::Open(book) = story.state() else { unreachable!("nothing has closed it") };
    assert_eq!(book.frozen(), Some(FreezeReason::CourtOrder));
}
