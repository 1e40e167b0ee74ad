//! An account: money a customer has entrusted to the bank.
//!
//! An account opens once and, once closed, never changes again. It is kept in one currency, and
//! there is never less than nothing on it. Money promised to a transfer is *held*: it still
//! belongs to the customer, but can no longer be spent; it is then *settled*, and leaves, or is
//! *released*, and can be spent again. A frozen account takes money in and keeps the promises it
//! has made, but makes no new ones.

mod book;
mod refusal;

use ondol_domain::{
    Aggregate, Decision, Facts, Impossible, Snapshot, accept, already_done, refuse,
};
use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::{CustomerId, TransferId};

pub use book::{Book, HOLDS_MAX, Promise, TRANSFERS_REMEMBERED_MAX};
pub use refusal::Refusal;

/// What may be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Command {
    /// Open it for a customer, in a currency.
    Open { owner: CustomerId, currency: Currency },
    /// Pay money in.
    Deposit { amount: Money },
    /// Take money out.
    Withdraw { amount: Money },
    /// Promise money to a transfer.
    Hold { transfer: TransferId, amount: Money },
    /// Let go the money that was promised to a transfer.
    Settle { transfer: TransferId },
    /// Take back the promise made to a transfer.
    Release { transfer: TransferId },
    /// Stop money from leaving.
    Freeze { because: FreezeReason },
    /// Let money leave again.
    Unfreeze,
    /// Close it for good.
    Close,
}

/// What has happened to an account. Facts are added, never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Event {
    /// It was opened for a customer, in a currency.
    Opened { owner: CustomerId, currency: Currency },
    /// Money was paid in.
    Deposited { amount: Money },
    /// Money was taken out.
    Withdrawn { amount: Money },
    /// Money was promised to a transfer.
    Held { transfer: TransferId, amount: Money },
    /// The money promised to a transfer has left.
    Settled { transfer: TransferId },
    /// The money promised to a transfer can be spent again.
    Released { transfer: TransferId },
    /// Money can no longer leave.
    Frozen { because: FreezeReason },
    /// Money can leave again.
    Unfrozen,
    /// It was closed for good.
    Closed,
}

/// Why an account is frozen; the graver reason comes later, and takes the place of a lighter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FreezeReason {
    /// Its owner asked for it.
    OwnerAsked,
    /// Somebody else may be acting in the owner's name.
    SuspectedFraud,
    /// A court ordered it.
    CourtOrder,
}

/// An account as it stands: only what the next decision needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Account {
    /// Nobody has opened it yet.
    #[default]
    Unopened,
    /// It is in use.
    Open(Book),
    /// It is closed for good.
    Closed,
}

impl Facts for Event {
    const KIND: &'static str = Account::KIND;
}

impl Aggregate for Account {
    const KIND: &'static str = "account";

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        use Command::{Close, Deposit, Freeze, Hold, Open, Release, Settle, Unfreeze, Withdraw};

        match (self, command) {
            (Self::Unopened, Open { owner, currency }) => accept(Event::Opened { owner, currency }),
            (Self::Unopened, _) => refuse(Refusal::NotOpened),

            (Self::Closed, Close) => already_done(),
            (Self::Closed, _) => refuse(Refusal::Closed),

            (Self::Open(book), Open { owner, currency }) if book.is_of(owner, currency) => {
                already_done()
            }
            (Self::Open(_), Open { .. }) => refuse(Refusal::AlreadyOpened),

            (Self::Open(_), Deposit { amount } | Withdraw { amount } | Hold { amount, .. })
                if !amount.is_positive() =>
            {
                refuse(Refusal::NothingToMove { amount })
            }
            (Self::Open(book), Deposit { amount } | Withdraw { amount } | Hold { amount, .. })
                if amount.currency() != book.currency() =>
            {
                refuse(Refusal::OtherCurrency { kept_in: book.currency(), amount })
            }

            (Self::Open(book), Deposit { amount }) if book.has_room_for(amount) => {
                accept(Event::Deposited { amount })
            }
            (Self::Open(book), Deposit { .. }) => {
                refuse(Refusal::TooMuchMoney { balance: book.balance() })
            }

            (Self::Open(book), Hold { transfer, amount }) => hold(book, transfer, amount),
            (Self::Open(book), Settle { transfer }) => settle(book, transfer),
            (Self::Open(book), Release { transfer }) => release(book, transfer),

            (Self::Open(book), Freeze { because }) if book.frozen() >= Some(because) => {
                already_done()
            }
            (Self::Open(_), Freeze { because }) => accept(Event::Frozen { because }),
            (Self::Open(book), Unfreeze) if book.is_frozen() => accept(Event::Unfrozen),
            (Self::Open(_), Unfreeze) => already_done(),

            (Self::Open(book), Withdraw { .. } | Close) if book.is_frozen() => {
                refuse(Refusal::Frozen)
            }
            (Self::Open(book), Withdraw { amount }) if book.can_spare(amount) => {
                accept(Event::Withdrawn { amount })
            }
            (Self::Open(book), Withdraw { .. }) => {
                refuse(Refusal::NotEnoughMoney { available: book.available() })
            }
            (Self::Open(book), Close) if book.balance().is_zero() => accept(Event::Closed),
            (Self::Open(book), Close) => refuse(Refusal::NotEmpty { balance: book.balance() }),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Unopened, Event::Opened { owner, currency }) => {
                Ok(Self::Open(Book::new(*owner, *currency)))
            }
            (Self::Open(book), Event::Closed) if book.balance().is_zero() => Ok(Self::Closed),
            (Self::Open(mut book), event) => match book.record(event) {
                Ok(()) => Ok(Self::Open(book)),
                Err(rule) => Err(Impossible::new(&book, event).because(rule)),
            },
            (state @ (Self::Unopened | Self::Closed), event) => Err(Impossible::new(&state, event)),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

/// A promise is made once. It needs money that is free, on an account that is not frozen.
fn hold(book: &Book, transfer: TransferId, amount: Money) -> Decision<Account> {
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
        None => accept(Event::Held { transfer, amount }),
    }
}

/// A promise is kept once, and only if it was made and not taken back.
fn settle(book: &Book, transfer: TransferId) -> Decision<Account> {
    match book.promise(transfer) {
        Some(Promise::Held(_)) => accept(Event::Settled { transfer }),
        Some(Promise::Settled(_)) => already_done(),
        Some(Promise::Released) => refuse(Refusal::ReleasedAlready),
        None => refuse(Refusal::NothingHeld),
    }
}

/// A promise is taken back once, and not after it was kept. One that was never made needs no
/// taking back: whoever undoes a transfer need not know how far it came.
fn release(book: &Book, transfer: TransferId) -> Decision<Account> {
    match book.promise(transfer) {
        Some(Promise::Held(_)) => accept(Event::Released { transfer }),
        Some(Promise::Settled(_)) => refuse(Refusal::SettledAlready),
        Some(Promise::Released) | None => already_done(),
    }
}
