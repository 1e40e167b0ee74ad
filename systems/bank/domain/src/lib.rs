//! The bank's vocabulary and decisions.
//!
//! What a teller, an auditor and a programmer have to agree on is in these files and nowhere
//! else. Nothing here knows of a network, a database or a clock.

pub mod account;
mod names;

pub use names::{Customer, CustomerId, Transfer, TransferId};
