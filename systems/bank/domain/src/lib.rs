//! The bank's vocabulary and decisions.
//!
//! What a teller, an auditor and a programmer have to agree on is in these files and nowhere
//! else. Nothing here knows of a network, a database or a clock.

pub mod account;
pub mod contract;
mod day;
mod entry;
pub mod interest;
pub mod ledger;
mod names;
pub mod screening;
pub mod statement;
pub mod transfer;

pub use day::{Day, DayError, Month, ZONE};
pub use entry::{Entry, EntryId, Purpose, Source};
pub use names::{
    AccountNumber, CardId, CardName, Customer, CustomerId, LoanId, LoanName, Payment, PaymentId,
    Transfer, TransferId,
};
