//! What an open account answers to what is asked of it.

use ondol_domain::{Decision, accept, already_done, refuse};
use ondol_kernel::Money;

use super::{Account, Book, Command, Event, Refusal, promises};
use crate::interest::Yearly;
use crate::{Day, Purpose, Source};

/// What follows from a command, as the book stands.
#[expect(clippy::needless_pass_by_value, reason = "a command is decided once, and over")]
pub(super) fn decide(book: &Book, command: Command) -> Decision<Account> {
    moves_something(book, &command)?;
    match command {
        Command::Open { owner, currency } if book.is_of(owner, currency) => already_done(),
        Command::Open { .. } => refuse(Refusal::AlreadyOpened),
        Command::Deposit { amount } => add(book, amount, Event::Deposited { amount }),
        Command::Credit { source, .. } if book.has_entered(source.entry()) => already_done(),
        Command::Credit { source, amount } => add(book, amount, Event::Credited { source, amount }),
        Command::Withdraw { amount } => leave(book, amount, Event::Withdrawn { amount }),
        Command::Charge { purpose, amount } => charge(book, purpose, amount),
        Command::Hold { transfer, amount } => promises::hold(book, transfer, amount),
        Command::Settle { transfer } => promises::settle(book, transfer),
        Command::Release { transfer } => promises::release(book, transfer),
        Command::Capture { payment, amount } => promises::capture(book, payment, amount),
        Command::Freeze { because } if book.frozen() >= Some(because) => already_done(),
        Command::Freeze { because } => accept(Event::Frozen { because }),
        Command::Unfreeze if book.is_frozen() => accept(Event::Unfrozen),
        Command::SetLimit { daily } if book.daily_limit() == daily => already_done(),
        Command::SetLimit { daily } => accept(Event::LimitSet { daily }),
        Command::EndDay if book.has_a_day() => accept(Event::DayEnded),
        Command::Unfreeze | Command::EndDay => already_done(),
        Command::AgreeInterest { rate, from } => agree(book, rate, from),
        Command::PostInterest { day } => post_interest(book, day),
        Command::Close if book.is_frozen() => refuse(Refusal::Frozen),
        Command::Close if book.balance().is_zero() => accept(Event::Closed),
        Command::Close => refuse(Refusal::NotEmpty { balance: book.balance() }),
    }
}

/// Only more than nothing is moved, in the account's currency.
fn moves_something(book: &Book, command: &Command) -> Result<(), Refusal> {
    let amount = match *command {
        Command::Deposit { amount }
        | Command::Withdraw { amount }
        | Command::Hold { amount, .. }
        | Command::Capture { amount, .. }
        | Command::Charge { amount, .. }
        | Command::Credit { amount, .. } => amount,
        Command::SetLimit { daily: Some(daily) } if daily.is_negative() => {
            return Err(Refusal::NothingToMove { amount: daily });
        }
        Command::SetLimit { daily: Some(daily) } => return is_kept_in(book, daily),
        Command::SetLimit { daily: None }
        | Command::Open { .. }
        | Command::Settle { .. }
        | Command::Release { .. }
        | Command::Freeze { .. }
        | Command::Unfreeze
        | Command::EndDay
        | Command::AgreeInterest { .. }
        | Command::PostInterest { .. }
        | Command::Close => return Ok(()),
    };
    let sold = match *command {
        Command::Credit { source: Source::Exchange { sold, .. }, .. } => sold,
        _ => amount,
    };
    for amount in [amount, sold] {
        if !amount.is_positive() {
            return Err(Refusal::NothingToMove { amount });
        }
    }
    is_kept_in(book, amount)
}

fn is_kept_in(book: &Book, amount: Money) -> Result<(), Refusal> {
    let kept_in = book.currency();
    if amount.currency() == kept_in {
        return Ok(());
    }
    Err(Refusal::OtherCurrency { kept_in, amount })
}

fn add(book: &Book, amount: Money, event: Event) -> Decision<Account> {
    if book.has_room_for(amount) {
        return accept(event);
    }
    refuse(Refusal::TooMuchMoney { balance: book.balance() })
}

/// Money leaves for good, and counts against the limit of the day.
fn leave(book: &Book, amount: Money, event: Event) -> Decision<Account> {
    if book.is_frozen() {
        return refuse(Refusal::Frozen);
    }
    if !book.can_spare(amount) {
        return refuse(Refusal::NotEnoughMoney { available: book.available() });
    }
    spend(book, amount, event)
}

/// What counts against the limit of a day, and begins the day if nothing has before.
pub(super) fn spend(book: &Book, amount: Money, event: Event) -> Decision<Account> {
    match book.left_today() {
        Some(left) if amount > left => refuse(Refusal::OverDailyLimit { left }),
        _ if book.begins_a_day() => accept([Event::DayBegun, event]),
        _ => accept(event),
    }
}

/// What is owed to the bank itself is no spending: no limit of a day keeps it back.
fn charge(book: &Book, purpose: Purpose, amount: Money) -> Decision<Account> {
    let Purpose::Repayment { interest, .. } = purpose;
    if book.has_entered(purpose.entry()) {
        return already_done();
    }
    is_kept_in(book, interest)?;
    if interest.is_negative() || interest > amount {
        return refuse(Refusal::NothingToMove { amount: interest });
    }
    if book.is_frozen() {
        return refuse(Refusal::Frozen);
    }
    if !book.can_spare(amount) {
        return refuse(Refusal::NotEnoughMoney { available: book.available() });
    }
    accept(Event::Charged { purpose, amount })
}

/// The same again changes nothing; what was agreed once may be agreed anew from a later day on.
fn agree(book: &Book, rate: Yearly, from: Day) -> Decision<Account> {
    match book.interest() {
        Some(interest) if interest.rate == rate => already_done(),
        Some(interest) if from < interest.next => {
            refuse(Refusal::InterestOutOfOrder { next: interest.next })
        }
        Some(_) | None => accept(Event::InterestAgreed { rate, from }),
    }
}

/// The interest of a day is worked out on what is on the account when it is posted.
fn post_interest(book: &Book, day: Day) -> Decision<Account> {
    let Some(interest) = book.interest() else { return refuse(Refusal::NoInterest) };
    let next = interest.next;
    if day < next {
        return already_done();
    }
    if day > next {
        return refuse(Refusal::InterestOutOfOrder { next });
    }
    let (amount, carried) = interest.rate.due(book.balance(), 1, interest.carried);
    add(book, amount, Event::InterestPosted { day, amount, carried })
}
