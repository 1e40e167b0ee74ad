//! Leases kept in PostgreSQL: a row each, measured by the server's clock, and writes under them.
//!
//! No advisory locks: those of a session end behind a pooler, those of a transaction hold up
//! vacuum. A write under a lease locks the key of the lease's row for sharing, finds its epoch there, and
//! commits before anybody can raise it; one who was overtaken finds another epoch and writes
//! nothing. A writer that is paused in the middle of such a transaction would hold up whoever
//! takes over, so the server ends it after a moment. [`PostgresLeases`] is the store.

mod error;
mod fence;
mod options;
mod schema;
mod store;

pub use error::{GuardedError, OpenError};
pub use options::{Options, OptionsError};
pub use store::PostgresLeases;
