//! An account: money a customer has entrusted to the bank.
//!
//! An account opens once and, once closed, never changes again. It is kept in one currency, and
//! there is never less than nothing on it. Money promised to a transfer is *held*: it still
//! belongs to the customer, but can no longer be spent; it is then *settled*, and leaves, or is
//! *released*, and can be spent again. A frozen account takes money in and keeps the promises it
//! has made, but makes no new ones.
//!
//! What leaves in a day may be limited: the day begins with the first thing that counts against the
//! limit, and ends by a timer at midnight in Seoul. A savings account is one that bears interest; it
//! is posted by a timer, day by day, for each day once.

mod book;
mod decisions;
mod promises;
mod refusal;

use ondol_domain::{
    Aggregate, Decision, Due, Facts, Impossible, Snapshot, TimeOfDay, TimerOrder, accept,
    already_done, cancel_timer, refuse, set_timer,
};
use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::interest::{Carried, Yearly};
use crate::{CustomerId, Day, PaymentId, Purpose, Source, TransferId, ZONE};

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
    /// Pay in what comes from elsewhere in the bank.
    Credit { source: Source, amount: Money },
    /// Take what goes elsewhere in the bank.
    Charge { purpose: Purpose, amount: Money },
    /// Let go some of what was promised to a payment by card, and take back the rest.
    Capture { payment: PaymentId, amount: Money },
    /// Let no more than this leave in a day; as much as there is, if nothing is said.
    SetLimit { daily: Option<Money> },
    /// Begin to count anew what leaves in a day.
    EndDay,
    /// Pay interest from a day on.
    AgreeInterest { rate: Yearly, from: Day },
    /// Pay the interest of a day.
    PostInterest { day: Day },
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
    /// The money promised to a transfer can be spent again: so much, since the bank keeps a ledger.
    Released {
        transfer: TransferId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
    },
    /// Money can no longer leave.
    Frozen { because: FreezeReason },
    /// Money can leave again.
    Unfrozen,
    /// It was closed for good.
    Closed,
    /// Money came in from elsewhere in the bank.
    Credited { source: Source, amount: Money },
    /// Money went elsewhere in the bank.
    Charged { purpose: Purpose, amount: Money },
    /// Some of what was promised to a payment by card has left; the rest can be spent again.
    Captured { payment: PaymentId, taken: Money, left: Money },
    /// No more than this leaves in a day.
    LimitSet { daily: Option<Money> },
    /// The first money has left in a day that is limited.
    DayBegun,
    /// What leaves is counted anew.
    DayEnded,
    /// It bears interest from a day on.
    InterestAgreed { rate: Yearly, from: Day },
    /// The interest of a day was paid; what was cut off is carried to the next.
    InterestPosted { day: Day, amount: Money, carried: Carried },
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

/// What kind of account it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money comes and goes.
    #[default]
    Checking,
    /// Money stays and bears interest.
    Savings,
}

/// When the interest of a day is posted: so many minutes after it has ended.
const INTEREST_MINUTE: i8 = 5;
/// The timers of an account.
const DAY: &str = "day";
const INTEREST: &str = "interest";

/// An account as it stands: only what the next decision needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all accounts are open")]
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
    const FOLD: u32 = 2;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match (self, command) {
            (Self::Unopened, Command::Open { owner, currency }) => {
                accept(Event::Opened { owner, currency })
            }
            (Self::Unopened, _) => refuse(Refusal::NotOpened),
            (Self::Closed, Command::Close | Command::EndDay) => already_done(),
            (Self::Closed, _) => refuse(Refusal::Closed),
            (Self::Open(book), command) => decisions::decide(book, command),
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

    fn timers(event: &Event) -> Vec<TimerOrder<Command>> {
        match event {
            Event::DayBegun => {
                let midnight = TimeOfDay { hour: 0, minute: 0, second: 0 };
                let due = Due::Next { at: midnight, zone: ZONE.into() };
                vec![set_timer(DAY, due, Command::EndDay)]
            }
            Event::InterestAgreed { from, .. } => vec![interest_of(*from)],
            Event::InterestPosted { day, .. } => vec![interest_of(day.next())],
            Event::Closed => vec![cancel_timer(DAY), cancel_timer(INTEREST)],
            Event::Opened { .. }
            | Event::Deposited { .. }
            | Event::Withdrawn { .. }
            | Event::Held { .. }
            | Event::Settled { .. }
            | Event::Released { .. }
            | Event::Frozen { .. }
            | Event::Unfrozen
            | Event::Credited { .. }
            | Event::Charged { .. }
            | Event::Captured { .. }
            | Event::LimitSet { .. }
            | Event::DayEnded => Vec::new(),
        }
    }

    fn snapshot() -> Option<Snapshot<Self>> {
        Some(Snapshot::json())
    }
}

impl Account {
    /// All that is on it, while it is open.
    pub const fn balance(&self) -> Option<Money> {
        match self {
            Self::Open(book) => Some(book.balance()),
            Self::Unopened | Self::Closed => None,
        }
    }
}

/// The interest of a day is posted when the day has ended.
fn interest_of(day: Day) -> TimerOrder<Command> {
    let due = day.next().due_at(0, INTEREST_MINUTE);
    set_timer(INTEREST, due, Command::PostInterest { day })
}
