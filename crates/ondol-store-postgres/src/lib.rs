//! The event store on PostgreSQL, with the promises of the port unchanged.
//!
//! - **Positions are dense and in commit order.** One row is locked from the drawing of positions
//!   to the commit. No sequence, no advisory lock, no session state: a transaction pooler may
//!   stand in between, and several processes may append to one log.
//! - **Many appends, one commit.** Each process gathers what is waiting into one transaction;
//!   within it each append is checked for itself, in order, and fails for itself.
//! - **A lost connection is settled.** Each group leaves a record in its own transaction. When the
//!   connection dies during COMMIT, a new one takes the lock, so that the old transaction is
//!   surely over, and looks for the record.
//! - **Nothing is taken on trust.** A server that may lose what it has acknowledged is refused,
//!   and so is a schema that belongs to somebody else.
//!
//! [`PostgresStore::open`] is the way in, [`PostgresOptions`] what can be set.

mod checked;
mod exists;
mod fault;
mod home;
mod migrate;
mod names;
mod open_error;
mod options;
mod pool;
mod reads;
mod rows;
mod session;
mod sql;
mod store;
mod supervisor;
mod watcher;
mod writer;

pub use open_error::OpenError;
pub use options::{InvalidOptions, PostgresOptions};
pub use store::PostgresStore;

#[cfg(feature = "planted-bugs")]
pub use options::PlantedBug;
