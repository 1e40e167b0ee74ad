//! The statement of each account: a line for everything that has moved, or promised to move,
//! money. Each line is a document of its own, so that a statement of any length is read in pages.

use bank_domain::TransferId;
use bank_domain::account::Event;
use ondol_domain::{Keys, View};
use ondol_kernel::{Money, Recorded, Timestamp};
use serde::{Deserialize, Serialize};

/// A line of a statement. Its key is the account's and the number of the event, so that lines
/// come in the order in which things have happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which event of the account it was.
    pub number: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub kind: LineKind,
    /// How much money it was about; for the end of a promise, see the promise.
    pub amount: Option<Money>,
    /// For which transfer.
    pub transfer: Option<TransferId>,
}

/// What a line of a statement says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The account was opened.
    #[default]
    Opened,
    /// Money was paid in.
    Deposited,
    /// Money was taken out.
    Withdrawn,
    /// Money was promised to a transfer.
    Held,
    /// The promised money has left.
    Settled,
    /// The promised money can be spent again.
    Released,
    /// Money can no longer leave.
    Frozen,
    /// Money can leave again.
    Unfrozen,
    /// The account was closed.
    Closed,
    /// Money came in from elsewhere in the bank.
    Credited,
    /// Money went elsewhere in the bank.
    Charged,
    /// A payment by card has taken what was promised to it.
    Captured,
    /// What may leave in a day was set.
    LimitSet,
    /// The first money of a limited day has left.
    DayBegun,
    /// What leaves is counted anew.
    DayEnded,
    /// It bears interest from a day on.
    InterestAgreed,
    /// The interest of a day was paid.
    InterestPosted,
}

/// What the keys of an account's lines begin with. No id of an account holds a slash.
pub fn keys_of(account: &str) -> String {
    format!("{account}/")
}

impl View for Line {
    const NAME: &'static str = "statement";
    const VERSION: u32 = 2;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        let (account, number) = (event.stream.key(), event.version.get());
        Keys::One(format!("{}{number:020}", keys_of(account)))
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        let (kind, amount, transfer) = match event.data {
            Event::Opened { .. } => (LineKind::Opened, None, None),
            Event::Deposited { amount } => (LineKind::Deposited, Some(amount), None),
            Event::Withdrawn { amount } => (LineKind::Withdrawn, Some(amount), None),
            Event::Held { transfer, amount } => (LineKind::Held, Some(amount), Some(transfer)),
            Event::Settled { transfer } => (LineKind::Settled, None, Some(transfer)),
            Event::Released { transfer, amount } => (LineKind::Released, amount, Some(transfer)),
            Event::Credited { source, amount } => {
                (LineKind::Credited, Some(amount), source.transfer())
            }
            Event::Charged { amount, .. } => (LineKind::Charged, Some(amount), None),
            Event::Captured { payment, taken, .. } => {
                (LineKind::Captured, Some(taken), Some(payment.of()))
            }
            Event::LimitSet { daily } => (LineKind::LimitSet, daily, None),
            Event::DayBegun => (LineKind::DayBegun, None, None),
            Event::DayEnded => (LineKind::DayEnded, None, None),
            Event::InterestAgreed { .. } => (LineKind::InterestAgreed, None, None),
            Event::InterestPosted { amount, .. } => (LineKind::InterestPosted, Some(amount), None),
            Event::Frozen { .. } => (LineKind::Frozen, None, None),
            Event::Unfrozen => (LineKind::Unfrozen, None, None),
            Event::Closed => (LineKind::Closed, None, None),
        };
        let (number, time) = (event.version.get(), event.metadata.time);
        *self = Self { number, time, kind, amount, transfer };
    }
}
