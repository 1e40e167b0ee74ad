//! Promises: made once, and then kept or taken back once.

use ondol_domain::{Decision, accept, already_done, refuse};
use ondol_kernel::Money;

use super::decisions::spend;
use super::{Account, Book, Event, HOLDS_MAX, Promise, Refusal};
use crate::{PaymentId, TransferId};

/// A promise is made once. It needs money that is free, on an account that is not frozen.
pub(super) fn hold(book: &Book, transfer: TransferId, amount: Money) -> Decision<Account> {
    match book.promise(transfer) {
        Some(Promise::Held(held)) if held == amount => already_done(),
        Some(Promise::Held(held)) => refuse(Refusal::HeldAlready { held }),
        Some(Promise::Settled(left)) if left == amount => already_done(),
        Some(Promise::Settled(_)) => refuse(Refusal::SettledAlready),
        Some(Promise::Released) => refuse(Refusal::ReleasedAlready),
        None if book.is_frozen() => refuse(Refusal::Frozen),
        None if !book.can_spare(amount) => {
            refuse(Refusal::NotEnoughMoney { available: book.available() })
        }
        None if book.is_full() => refuse(Refusal::TooManyHolds { most: HOLDS_MAX }),
        None => spend(book, amount, Event::Held { transfer, amount }),
    }
}

/// A promise is kept once, and only if it was made and not taken back.
pub(super) fn settle(book: &Book, transfer: TransferId) -> Decision<Account> {
    match book.promise(transfer) {
        Some(Promise::Held(_)) => accept(Event::Settled { transfer }),
        Some(Promise::Settled(_)) => already_done(),
        Some(Promise::Released) => refuse(Refusal::ReleasedAlready),
        None => refuse(Refusal::NothingHeld),
    }
}

/// A promise is taken back once, and not after it was kept. One that was never made needs no
/// taking back: whoever undoes a transfer need not know how far it came.
pub(super) fn release(book: &Book, transfer: TransferId) -> Decision<Account> {
    match book.promise(transfer) {
        Some(Promise::Held(held)) => accept(Event::Released { transfer, amount: Some(held) }),
        Some(Promise::Settled(_)) => refuse(Refusal::SettledAlready),
        Some(Promise::Released) | None => already_done(),
    }
}

/// What was promised to a payment is taken once, all of it or less.
pub(super) fn capture(book: &Book, payment: PaymentId, amount: Money) -> Decision<Account> {
    match book.promise(payment.of()) {
        Some(Promise::Held(held)) => match held.checked_sub(amount) {
            Ok(left) if !left.is_negative() => {
                accept(Event::Captured { payment, taken: amount, left })
            }
            _ => refuse(Refusal::HeldAlready { held }),
        },
        Some(Promise::Settled(taken)) if taken == amount => already_done(),
        Some(Promise::Settled(_)) => refuse(Refusal::SettledAlready),
        Some(Promise::Released) => refuse(Refusal::ReleasedAlready),
        None => refuse(Refusal::NothingHeld),
    }
}
