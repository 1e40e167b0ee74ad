//! What is sent and answered, as JSON.

use bank_domain::account::{Account, Book, Command, FreezeReason};
use bank_domain::{CustomerId, TransferId};
use ondol_kernel::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AccountId;
use crate::views::{Balance, Line, LineKind};

/// An amount of money, as its currency is written: `{"amount": "12.50", "currency": "EUR"}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// How much, as text: a number would be rounded by somebody.
    #[schema(example = "50000")]
    pub amount: String,
    /// In which currency, by its three letters.
    #[schema(example = "KRW")]
    pub currency: String,
}

/// Which account.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct At {
    /// The account's number.
    #[param(value_type = String, format = Uuid)]
    pub account: AccountId,
}

/// Which promise of which account.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AtHold {
    /// The account's number.
    #[param(value_type = String, format = Uuid)]
    pub account: AccountId,
    /// The transfer's number.
    #[param(value_type = String, format = Uuid)]
    pub transfer: TransferId,
}

/// To open an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// For which customer.
    #[schema(value_type = String, format = Uuid)]
    pub owner: CustomerId,
    /// In which currency.
    #[schema(value_type = String, example = "KRW")]
    pub currency: Currency,
}

/// To pay in or take out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Moving {
    /// How much.
    #[schema(value_type = Amount)]
    pub amount: Money,
}

/// To promise money to a transfer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// To which one.
    #[schema(value_type = String, format = Uuid)]
    pub transfer: TransferId,
    /// How much.
    #[schema(value_type = Amount)]
    pub amount: Money,
}

/// Several movements that are made as one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Movements {
    /// In this order; 100 at the most.
    pub movements: Vec<Movement>,
}

/// One of several movements.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Movement {
    /// Pay in.
    Deposit(Moving),
    /// Take out.
    Withdraw(Moving),
    /// Promise to a transfer.
    Hold(Holding),
}

/// To stop money from leaving.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Freezing {
    /// Why: `OwnerAsked`, `SuspectedFraud` or `CourtOrder`.
    #[schema(value_type = String, example = "OwnerAsked")]
    pub because: FreezeReason,
}

/// An account, as it stands or stood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountBody {
    /// `unopened`, `open`, `frozen` or `closed`.
    pub state: &'static str,
    /// How many events it has.
    pub version: u64,
    /// Whose it is.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub owner: Option<CustomerId>,
    /// All that is on it, held or not.
    #[schema(value_type = Option<Amount>)]
    pub balance: Option<Money>,
    /// What is promised to transfers.
    #[schema(value_type = Option<Amount>)]
    pub held: Option<Money>,
    /// What can be spent.
    #[schema(value_type = Option<Amount>)]
    pub available: Option<Money>,
}

/// The balance of an account, as the view has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BalanceBody {
    /// Which account.
    pub account: String,
    /// Whose it is.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub owner: Option<CustomerId>,
    /// All that is on it, held or not.
    #[schema(value_type = Option<Amount>)]
    pub balance: Option<Money>,
    /// What is promised to transfers.
    #[schema(value_type = Option<Amount>)]
    pub held: Option<Money>,
    /// What can be spent.
    #[schema(value_type = Option<Amount>)]
    pub available: Option<Money>,
    /// Whether money may not leave.
    pub is_frozen: bool,
    /// Whether it is closed for good.
    pub is_closed: bool,
}

/// A part of a list of balances.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BalancePage {
    /// The balances.
    pub items: Vec<BalanceBody>,
    /// What to ask for after these; nothing, when these are the last.
    pub next: Option<String>,
}

/// A line of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineBody {
    /// Which event of the account it was.
    pub number: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// What happened: `deposited`, `held`, …
    #[schema(value_type = String, example = "deposited")]
    pub kind: LineKind,
    /// How much money it was about.
    #[schema(value_type = Option<Amount>)]
    pub amount: Option<Money>,
    /// For which transfer.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub transfer: Option<TransferId>,
}

/// A part of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinePage {
    /// The lines, the newest first.
    pub items: Vec<LineBody>,
    /// What to ask for after these; nothing, when these are the last.
    pub next: Option<String>,
}

impl From<Holding> for Command {
    fn from(Holding { transfer, amount }: Holding) -> Self {
        Self::Hold { transfer, amount }
    }
}

impl From<Movement> for Command {
    fn from(movement: Movement) -> Self {
        match movement {
            Movement::Deposit(Moving { amount }) => Self::Deposit { amount },
            Movement::Withdraw(Moving { amount }) => Self::Withdraw { amount },
            Movement::Hold(holding) => holding.into(),
        }
    }
}

impl AccountBody {
    /// An account at a version.
    pub fn of(account: &Account, version: u64) -> Self {
        let (state, book) = match account {
            Account::Unopened => ("unopened", None),
            Account::Open(book) if book.is_frozen() => ("frozen", Some(book)),
            Account::Open(book) => ("open", Some(book)),
            Account::Closed => ("closed", None),
        };
        Self {
            state,
            version,
            owner: book.map(Book::owner),
            balance: book.map(Book::balance),
            held: book.map(Book::held),
            available: book.map(Book::available),
        }
    }
}

impl BalanceBody {
    /// What the view has of an account.
    pub fn of(account: String, balance: &Balance) -> Self {
        Self {
            account,
            owner: balance.owner,
            balance: balance.balance,
            held: balance.held(),
            available: balance.available(),
            is_frozen: balance.is_frozen,
            is_closed: balance.is_closed,
        }
    }
}

impl From<Line> for LineBody {
    fn from(line: Line) -> Self {
        let Line { number, time, kind, amount, transfer } = line;
        Self { number, time, kind, amount, transfer }
    }
}
