//! Why an account says no, in words that can be read out to the customer.

use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::Day;

/// Why the bank says no. A refusal is an answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each refusal's own sentence says what its numbers are")]
pub enum Refusal {
    /// Nobody has opened it.
    #[error("the account has not been opened")]
    NotOpened,
    /// It is somebody's, or kept in some other currency.
    #[error("the account has been opened already")]
    AlreadyOpened,
    /// It is closed for good.
    #[error("the account is closed")]
    Closed,
    /// Money may not leave.
    #[error("the account is frozen")]
    Frozen,
    /// Only more than nothing can be moved.
    #[error("{amount} is not an amount that can be moved")]
    NothingToMove { amount: Money },
    /// One account, one currency.
    #[error("the account is kept in {kept_in}, {amount} is not")]
    OtherCurrency { kept_in: Currency, amount: Money },
    /// What is not there, or promised already, cannot be spent.
    #[error("only {available} is available")]
    NotEnoughMoney { available: Money },
    /// A number has an end.
    #[error("with {balance} on it, the account cannot take so much more")]
    TooMuchMoney { balance: Money },
    /// Only so many promises at once.
    #[error("money is held for {most} transfers already")]
    TooManyHolds { most: u32 },
    /// The same transfer cannot be promised two amounts.
    #[error("{held} is held for this transfer already")]
    HeldAlready { held: Money },
    /// The promise has been taken back.
    #[error("the money held for this transfer has been released")]
    ReleasedAlready,
    /// The promise has been kept.
    #[error("the money held for this transfer has left the account")]
    SettledAlready,
    /// There was no promise.
    #[error("no money is held for this transfer")]
    NothingHeld,
    /// Only so much leaves in a day.
    #[error("only {left} more may leave today")]
    OverDailyLimit { left: Money },
    /// It was not agreed.
    #[error("the account bears no interest")]
    NoInterest,
    /// One day after the other.
    #[error("the interest of {next} comes first")]
    InterestOutOfOrder { next: Day },
    /// Money would be lost.
    #[error("{balance} is still on the account")]
    NotEmpty { balance: Money },
}
