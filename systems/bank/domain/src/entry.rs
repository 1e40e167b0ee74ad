//! Where money on an account comes from, and where it goes, when it is not cash over the counter.

use ondol_kernel::{Id, Money};
use serde::{Deserialize, Serialize};

use crate::{LoanId, PaymentId, TransferId};

/// An entry in an account's book, by id: what is entered under one id is entered once.
pub type EntryId = Id<Entry>;

/// What is entered in an account's book.
#[derive(Debug)]
pub enum Entry {}

/// Where money that is paid in comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Source {
    /// A transfer brings it.
    Transfer { transfer: TransferId },
    /// A transfer brings it, that was of another currency: so much was sold for it.
    Exchange { transfer: TransferId, sold: Money },
    /// The bank lends it.
    Loan { loan: LoanId },
    /// A merchant gives it back.
    Refund { payment: PaymentId, refund: EntryId },
}

/// Where money that is taken goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a teller would name them")]
pub enum Purpose {
    /// A loan is paid back; so much of it is interest.
    Repayment { loan: LoanId, repayment: EntryId, interest: Money },
}

impl Source {
    /// Under which id it is entered.
    pub fn entry(self) -> EntryId {
        match self {
            Self::Transfer { transfer } | Self::Exchange { transfer, .. } => transfer.of(),
            Self::Loan { loan } => loan.of(),
            Self::Refund { refund, .. } => refund,
        }
    }

    /// The transfer that brings it, if one does.
    pub const fn transfer(self) -> Option<TransferId> {
        match self {
            Self::Transfer { transfer } | Self::Exchange { transfer, .. } => Some(transfer),
            Self::Loan { .. } | Self::Refund { .. } => None,
        }
    }
}

impl Purpose {
    /// Under which id it is entered.
    pub const fn entry(self) -> EntryId {
        let Self::Repayment { repayment, .. } = self;
        repayment
    }
}
