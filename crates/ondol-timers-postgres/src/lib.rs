//! Timers kept in PostgreSQL: one schema for a service, with the promises of the port unchanged.
//!
//! A write is one transaction that begins by locking the row of its book, so writers of one book
//! come one after another and the checkpoint decides who is right. What is kept can be kept again
//! from the log, so those commits do not wait for the disk. Statements are sent whole, without
//! names, so a transaction pooler may stand in between. [`PostgresTimers`] is the store.

mod error;
mod options;
mod schema;
mod sql;
mod store;

pub use error::OpenError;
pub use options::{Options, OptionsError};
pub use store::PostgresTimers;
