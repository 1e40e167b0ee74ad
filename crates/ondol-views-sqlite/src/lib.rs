//! Views kept in SQLite: one file for a service, one writer, many readers.
//!
//! The file is in WAL mode with `synchronous = NORMAL`: a commit is not synced, so a power cut
//! may take the last ones back. It takes them back whole, documents and checkpoint together, and
//! what was folded is folded again from the log; a killed process loses nothing. What a person
//! has decided — which version serves, what is skipped — cannot be folded again, so those commits
//! are synced. [`SqliteViews`] is the store.
//!
//! Refusals cannot be folded again either. They stand in a small file of their own beside it
//! (`views.refusals.db` beside `views.db`), so that none waits for a batch of documents; many are
//! written with one sync.

mod carrier;
mod convert;
mod error;
mod options;
mod readers;
mod refusals;
mod schema;
mod sql;
mod store;
mod writer;

pub use error::{OpenError, ProjectError};
pub use options::{Options, OptionsError};
pub use store::SqliteViews;
