//! A transfer: money moves from a current account to a savings account.
//!
//! The money is first *held* where it is, then paid in where it goes, and only then does it leave.
//! Until it was paid in, everything can be taken back; from then on nothing is, and what is left
//! is done sooner or later. So whatever fails in between, no money is lost and none is made.

use std::time::Duration;

use ondol_domain::{Answer, Saga};
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::contract::{Current, Savings, Screen, Screened};
use crate::{AccountNumber, TransferId};

/// How long a transfer may take before it is taken back.
pub const TRANSFER_WITHIN: Duration = Duration::from_secs(10 * 60);

/// What a transfer knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Which one.
    pub id: TransferId,
    /// From which account.
    pub from: AccountNumber,
    /// To which.
    pub to: AccountNumber,
    /// How much.
    pub amount: Money,
}

/// How odd a transfer looks, from 0 to 100: what is kept of its screening.
pub const ODDNESS: Answer<u8> = Answer::of("screen");

/// Moves money from a current account to a savings account.
pub fn transfer() -> Saga<Transfer> {
    Saga::<Transfer>::named("bank.transfer", 1)
        .identified_by(|transfer| transfer.id.to_string())
        .step("screen", screen)
        .reply(|found: Screened| found.oddness)
        .step("hold", hold)
        .undo(release)
        .step("deposit", deposit)
        .pivot()
        .step("settle", settle)
        .deadline(TRANSFER_WITHIN)
}

fn screen(transfer: &Transfer) -> Screen {
    let Transfer { id, from, amount, .. } = transfer.clone();
    Screen { transfer: id, from, amount }
}

fn hold(transfer: &Transfer) -> Current {
    let Transfer { id, from, amount, .. } = transfer.clone();
    Current::Hold { account: from, transfer: id, amount }
}

fn release(transfer: &Transfer) -> Current {
    let Transfer { id, from, .. } = transfer.clone();
    Current::Release { account: from, transfer: id }
}

fn deposit(transfer: &Transfer) -> Savings {
    let Transfer { id, to, amount, .. } = transfer.clone();
    Savings::Deposit { account: to, transfer: id, amount }
}

fn settle(transfer: &Transfer) -> Current {
    let Transfer { id, from, .. } = transfer.clone();
    Current::Settle { account: from, transfer: id }
}
