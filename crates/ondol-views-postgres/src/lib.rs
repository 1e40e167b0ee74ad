//! Views kept in PostgreSQL: one schema for a service, with the promises of the port unchanged.
//!
//! A write is one transaction that begins by locking the row of its set of documents, so writers
//! of one view come one after another and the checkpoints decide who is right. What is folded
//! can be folded again, so those commits do not wait for the disk (`synchronous_commit = off`: a
//! crash of the server may take the last ones back, whole); what a person has decided does.
//!
//! Statements are sent whole, without names, so a transaction pooler may stand in between. Reads
//! are of one snapshot. [`PostgresViews`] is the store.

mod convert;
mod error;
mod options;
mod schema;
mod sql;
mod store;

pub use error::{OpenError, ProjectError};
pub use options::{Options, OptionsError};
pub use store::PostgresViews;
