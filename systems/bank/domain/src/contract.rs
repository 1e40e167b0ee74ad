//! What the bank's services let each other ask: public words, kept for as long as anybody uses
//! them, whatever becomes of the inner ones.

use ondol_domain::Contract;
use ondol_kernel::Money;
use serde::{Deserialize, Serialize};

use crate::account::{Command, Refusal};
use crate::{AccountNumber, Source, TransferId};

/// What the service of current accounts is asked by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Current {
    /// Promise money to a transfer.
    Hold { account: AccountNumber, transfer: TransferId, amount: Money },
    /// Let go the money that was promised to a transfer.
    Settle { account: AccountNumber, transfer: TransferId },
    /// Take back the promise made to a transfer.
    Release { account: AccountNumber, transfer: TransferId },
}

/// What the service of savings accounts is asked by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Savings {
    /// Pay money in.
    Deposit { account: AccountNumber, transfer: TransferId, amount: Money },
}

/// What those who look for fraud are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// About which transfer.
    pub transfer: TransferId,
    /// From which account.
    pub from: AccountNumber,
    /// How much is to be moved.
    pub amount: Money,
}

/// What those who look for fraud have found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screened {
    /// How odd it looks, from 0 to 100.
    pub oddness: u8,
}

/// Why those who look for fraud say no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Suspicion {
    /// It looks too odd.
    #[error("the transfer looks like fraud")]
    LooksLikeFraud,
}

impl Contract for Current {
    const SERVICE: &'static str = "bank.account";
    type Reply = ();
    type Refusal = Refusal;

    fn key(&self) -> String {
        let (Self::Hold { account, .. }
        | Self::Settle { account, .. }
        | Self::Release { account, .. }) = self;
        account.clone()
    }
}

impl Current {
    /// What the account itself is asked.
    pub fn command(self) -> Command {
        match self {
            Self::Hold { transfer, amount, .. } => Command::Hold { transfer, amount },
            Self::Settle { transfer, .. } => Command::Settle { transfer },
            Self::Release { transfer, .. } => Command::Release { transfer },
        }
    }
}

impl Savings {
    /// What the account itself is asked.
    pub fn command(self) -> Command {
        let Self::Deposit { transfer, amount, .. } = self;
        Command::Credit { source: Source::Transfer { transfer }, amount }
    }
}

impl Contract for Savings {
    const SERVICE: &'static str = "bank.savings";
    type Reply = ();
    type Refusal = Refusal;

    fn key(&self) -> String {
        let Self::Deposit { account, .. } = self;
        account.clone()
    }
}

impl Contract for Screen {
    const SERVICE: &'static str = "bank.fraud";
    type Reply = Screened;
    type Refusal = Suspicion;

    fn key(&self) -> String {
        self.from.clone()
    }
}
