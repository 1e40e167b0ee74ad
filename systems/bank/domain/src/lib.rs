//! The bank's vocabulary and decisions.
//!
//! What a teller, an auditor and a programmer have to agree on is in these files and nowhere
//! else. Nothing here knows of a network, a database or a clock.

pub mod account;
pub mod contract;
mod names;
pub mod screening;
pub mod transfer;

pub use names::{AccountNumber, Customer, CustomerId, Transfer, TransferId};
