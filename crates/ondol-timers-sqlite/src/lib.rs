//! Timers kept in SQLite: one file for a service.
//!
//! The file is in WAL mode with `synchronous = NORMAL`: a commit is not synced, so a power cut may
//! take the last ones back. It takes them back whole, timers and checkpoint together: what was
//! kept is kept again from the log, and what fires again has the effect of once. Two tables and
//! an index in the order of the due times are all there is; nothing is held in memory, so opening
//! takes as long with a million timers as with none. [`SqliteTimers`] is the store.

mod error;
mod file;
mod options;
mod sql;
mod store;

pub use error::OpenError;
pub use options::{Options, OptionsError};
pub use store::SqliteTimers;
