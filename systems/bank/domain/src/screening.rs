//! Screening: money that is about to move is looked at first.
//!
//! What looks odd is let through and written down; what looks like fraud is not. The rule is as
//! plain as a teller's: the larger the amount, the odder it looks.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, refuse};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::TransferId;
use crate::contract::{Screen, Screened, Suspicion};

/// From this amount on, in the smallest units of its currency, a transfer looks like fraud.
pub const LOOKS_LIKE_FRAUD_FROM: i64 = 100_000_000;
/// As odd as anything can look.
const ODDEST: i64 = 100;

/// What may be asked about the transfers from an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Command {
    /// Look at a transfer before it moves money.
    Screen { transfer: TransferId, amount: Money },
}

/// What has happened about the transfers from an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Event {
    /// A transfer was looked at, and let through.
    LetThrough { transfer: TransferId, amount: Money, oddness: u8 },
}

/// Whoever watches an account. What was let through before changes nothing for what comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watch;

impl Facts for Event {
    const KIND: &'static str = Watch::KIND;
}

impl Aggregate for Watch {
    const KIND: &'static str = "watch";

    type Command = Command;
    type Event = Event;
    type Refusal = Suspicion;

    fn decide(&self, command: Command) -> Decision<Self> {
        let Command::Screen { transfer, amount } = command;
        match oddness(amount) {
            Some(oddness) => accept(Event::LetThrough { transfer, amount, oddness }),
            None => refuse(Suspicion::LooksLikeFraud),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::LetThrough { .. } => Ok(self),
        }
    }
}

/// How odd an amount looks, from 0 to 100; nothing, when it looks like fraud.
fn oddness(amount: Money) -> Option<u8> {
    if amount.minor() >= LOOKS_LIKE_FRAUD_FROM {
        return None;
    }
    let share = amount.minor().max(0) / (LOOKS_LIKE_FRAUD_FROM / ODDEST);
    u8::try_from(share).ok()
}

impl Screen {
    /// What whoever watches the account is asked.
    pub fn command(self) -> Command {
        Command::Screen { transfer: self.transfer, amount: self.amount }
    }
}

impl Screened {
    /// What was found, of what has happened.
    pub fn of(happened: &[Event]) -> Self {
        let found = happened.iter().map(|event| {
            let Event::LetThrough { oddness, .. } = event;
            *oddness
        });
        Self { oddness: found.max().unwrap_or_default() }
    }
}
