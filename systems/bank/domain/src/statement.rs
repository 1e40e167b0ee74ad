//! A statement: what has changed the balance of an account in a time, with the balance after each.
//!
//! It is worked out from the account as it stood and what has happened to it since, so it can be
//! had of any time, and its closing balance is the account's own.

use ondol_domain::{Aggregate as _, Impossible};
use ondol_kernel::{Money, Timestamp};

use crate::account::{Account, Event};
use crate::{Purpose, Source};

/// A statement of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What was on it before.
    pub opening: Money,
    /// What has changed that, in order.
    pub rows: Vec<Row>,
    /// What was on it then.
    pub closing: Money,
}

/// A row of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When.
    pub time: Timestamp,
    /// What for.
    pub kind: RowKind,
    /// How much more is on the account; less than nothing when it is less.
    pub change: Money,
    /// What is on the account after it.
    pub balance: Money,
}

/// What money has come or gone for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Cash was paid in.
    Deposit,
    /// Cash was taken out.
    Withdrawal,
    /// A transfer has come in.
    TransferIn,
    /// A transfer has left.
    TransferOut,
    /// The bank has lent it.
    Loan,
    /// A loan was paid back.
    Repayment,
    /// A card was paid with.
    Card,
    /// A merchant has given it back.
    Refund,
    /// The bank has paid interest.
    Interest,
}

impl RowKind {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::TransferIn => "transfer_in",
            Self::TransferOut => "transfer_out",
            Self::Loan => "loan",
            Self::Repayment => "repayment",
            Self::Card => "card",
            Self::Refund => "refund",
            Self::Interest => "interest",
        }
    }

    const fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Deposited { .. } => Self::Deposit,
            Event::Withdrawn { .. } => Self::Withdrawal,
            Event::Settled { .. } => Self::TransferOut,
            Event::Captured { .. } => Self::Card,
            Event::Credited { source: Source::Loan { .. }, .. } => Self::Loan,
            Event::Credited { source: Source::Refund { .. }, .. } => Self::Refund,
            Event::Credited {
                source: Source::Transfer { .. } | Source::Exchange { .. }, ..
            } => Self::TransferIn,
            Event::Charged { purpose: Purpose::Repayment { .. }, .. } => Self::Repayment,
            Event::InterestPosted { .. } => Self::Interest,
            Event::Opened { .. }
            | Event::Held { .. }
            | Event::Released { .. }
            | Event::Frozen { .. }
            | Event::Unfrozen
            | Event::LimitSet { .. }
            | Event::DayBegun
            | Event::DayEnded
            | Event::InterestAgreed { .. }
            | Event::Closed => return None,
        })
    }
}

impl Statement {
    /// The statement of an account that stood so, and to which this has happened since; nothing,
    /// if it was not opened before or in that time.
    ///
    /// # Errors
    /// When what is said to have happened cannot have.
    pub fn of<'a>(
        mut account: Account,
        happened: impl IntoIterator<Item = (Timestamp, &'a Event)>,
    ) -> Result<Option<Self>, Impossible> {
        let mut opening = account.balance();
        let mut balance = opening;
        let mut rows = Vec::new();
        for (time, event) in happened {
            account = account.evolve(event)?;
            // A closed account has nothing on it, and nothing has moved when it closed.
            let after = account.balance().or(balance);
            let Some(now) = after else { continue };
            let before = balance.unwrap_or(Money::zero(now.currency()));
            opening = opening.or(Some(before));
            balance = after;
            let change = Money::new(now.minor() - before.minor(), now.currency());
            if let Some(kind) = RowKind::of(event).filter(|_| !change.is_zero()) {
                rows.push(Row { time, kind, change, balance: now });
            }
        }
        let whole = opening.zip(balance);
        Ok(whole.map(|(opening, closing)| Self { opening, rows, closing }))
    }
}
