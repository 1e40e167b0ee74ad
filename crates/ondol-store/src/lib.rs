//! The event store: what it promises, whatever it stands on.
//!
//! A log is a sequence of events, each with a position: 1, 2, 3 …, no gaps, in the order in which
//! they were committed. Each event belongs to one stream and has a version there, dense as well.
//! Everything in the log is an event, also what was refused: a command's outcome that is not an
//! event of a service is kept as one of the house's own, in the stream `$command:<id>`.
//!
//! - [`EventStore`] is the port. Engines: memory here, disk and PostgreSQL in their own crates.
//! - An [`Append`] writes to one or several streams, whole or not at all, under expectations
//!   ([`Expected`]), conditions ([`Condition`]) and a command id whose [`Outcome`] is recorded
//!   in the same commit: asked again, the store answers with it instead of writing twice.
//! - [`Subscription`] reads what is there, then waits for more; it holds no buffer, so a slow
//!   subscriber costs nobody anything.
//! - A [`Replica`] takes events as another log has recorded them, so that a log can move.

#[cfg(feature = "conformance")]
pub mod conformance;

mod ahead;
mod append;
mod code;
mod condition;
mod error;
mod limits;
mod memory;
mod outcome;
mod read;
mod replica;
mod snapshot;
mod store;
mod subscription;

pub use ahead::ReadAhead;
pub use append::{Append, Appended, Expected, InvalidAppend, StreamWrite};
pub use condition::Condition;
pub use error::{AppendError, BoxError, ReadError, SnapshotError};
pub use limits::Limits;
pub use memory::MemoryStore;
pub use outcome::{Outcome, Refusal, command_stream};
pub use read::{Direction, Filter, Page, ReadAll, ReadStream};
pub use replica::{Replica, ReplicateError, check_recorded};
pub use snapshot::Snapshot;
pub use store::{EventStore, Head, LogEpoch};
pub use subscription::{Batch, Subscription};
