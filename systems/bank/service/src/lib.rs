//! The bank as a service: accounts over HTTP, their balances and statements.
//!
//! The decisions are `bank-domain`'s; here they meet the outside world.

pub mod http;
pub mod views;
mod wiring;

pub use wiring::{app, service, services};
