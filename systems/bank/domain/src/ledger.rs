//! The ledger: every movement of money, twice: where it leaves and where it arrives.
//!
//! What is an owner's is *credited* to his account, and written as more than nothing; what the
//! bank has or is owed stands against it, and is written as less. Each event is posted whole: the
//! postings of each currency in it add up to nothing, so at every position of a log all postings
//! do. Money that has left what can be spent and has not arrived is in [`Head::InFlight`].
//!
//! Where accounts are kept in several services, each has a ledger of its own that is balanced by
//! itself; what the one has sent and the other received stands in both under in flight, and the
//! two together say what is on its way.

use std::fmt;

use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::account::Event;
use crate::{AccountNumber, Purpose, Source};

/// Under which head money is posted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Head {
    /// What can be spent of a customer's account.
    Account(AccountNumber),
    /// Cash over the counter.
    Cash,
    /// The suspense account: money that is promised, or on its way.
    InFlight,
    /// What the bank has bought of one currency for another.
    Exchange,
    /// What the bank has lent.
    Loans,
    /// What merchants are owed.
    Merchants,
    /// Interest that the bank has paid.
    InterestPaid,
    /// Interest that the bank has been paid.
    InterestEarned,
}

/// So much under one head: more than nothing is owed by the bank, less is owned by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Under which head.
    pub head: Head,
    /// How much.
    pub amount: Money,
}

/// From one head to another.
fn moved(from: Head, to: Head, amount: Money) -> Vec<Posting> {
    // Of what is moved nothing is less than nothing, so there is a negative of it.
    let out = Money::new(-amount.minor(), amount.currency());
    vec![Posting { head: from, amount: out }, Posting { head: to, amount }]
}

/// What is posted when this has happened to an account.
pub fn postings(account: &str, event: &Event) -> Vec<Posting> {
    let own = || Head::Account(account.to_owned());
    let postings = match event {
        Event::Deposited { amount } => moved(Head::Cash, own(), *amount),
        Event::Withdrawn { amount } => moved(own(), Head::Cash, *amount),
        Event::Held { amount, .. } => moved(own(), Head::InFlight, *amount),
        Event::Released { amount: Some(amount), .. } => moved(Head::InFlight, own(), *amount),
        Event::Captured { taken, left, .. } => {
            let mut both = moved(Head::InFlight, Head::Merchants, *taken);
            both.extend(moved(Head::InFlight, own(), *left));
            both
        }
        Event::Credited { source, amount } => credited(own(), *source, *amount),
        Event::Charged { purpose, amount } => charged(own(), *purpose, *amount),
        Event::InterestPosted { amount, .. } => moved(Head::InterestPaid, own(), *amount),
        // What is settled has left when it arrived elsewhere; the rest moves no money.
        Event::Opened { .. }
        | Event::Settled { .. }
        | Event::Released { amount: None, .. }
        | Event::Frozen { .. }
        | Event::Unfrozen
        | Event::LimitSet { .. }
        | Event::DayBegun
        | Event::DayEnded
        | Event::InterestAgreed { .. }
        | Event::Closed => Vec::new(),
    };
    postings.into_iter().filter(|posting| !posting.amount.is_zero()).collect()
}

fn credited(own: Head, source: Source, amount: Money) -> Vec<Posting> {
    match source {
        Source::Transfer { .. } => moved(Head::InFlight, own, amount),
        Source::Exchange { sold, .. } => {
            let mut both = moved(Head::InFlight, Head::Exchange, sold);
            both.extend(moved(Head::Exchange, own, amount));
            both
        }
        Source::Loan { .. } => moved(Head::Loans, own, amount),
        Source::Refund { .. } => moved(Head::Merchants, own, amount),
    }
}

fn charged(own: Head, purpose: Purpose, amount: Money) -> Vec<Posting> {
    let Purpose::Repayment { interest, .. } = purpose;
    let currency = amount.currency();
    let principal = Money::new(amount.minor() - interest.minor(), currency);
    let mut both = moved(own.clone(), Head::Loans, principal);
    both.extend(moved(own, Head::InterestEarned, interest));
    both
}

/// What all postings of a currency add up to: nothing, when the ledger is balanced.
pub fn sum<'a>(postings: impl IntoIterator<Item = &'a Posting>, currency: Currency) -> i128 {
    let amounts = postings.into_iter().map(|posting| posting.amount);
    amounts.filter(|amount| amount.currency() == currency).map(|a| i128::from(a.minor())).sum()
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(number) => write!(f, "account.{number}"),
            Self::Cash => f.write_str("cash"),
            Self::InFlight => f.write_str("suspense.in_flight"),
            Self::Exchange => f.write_str("exchange"),
            Self::Loans => f.write_str("loans"),
            Self::Merchants => f.write_str("merchants"),
            Self::InterestPaid => f.write_str("interest.paid"),
            Self::InterestEarned => f.write_str("interest.earned"),
        }
    }
}
