//! Durable timers: something is to happen to a stream at a time, even if nobody is awake until
//! then.
//!
//! A timer is never a truth of its own. It follows from the events of a log by a fold, so it is
//! set, replaced and cancelled in the same append as the events that want it; what is kept here
//! is an index of the timers that sleep, in the order in which they are due. A million of them
//! cost a million rows and nothing else.
//!
//! - [`TimerStore`] is the port. Engines: memory here ([`MemoryTimers`]), SQLite and PostgreSQL
//!   in their own crates.
//! - A [`Timer`] has a name within its stream and a generation: what fires late, after it was
//!   replaced or cancelled, is told apart by it.
//! - A [`Keeper`] folds a log into a book of timers; a [`Runner`] fires those that are due, in
//!   order, and notices when the clock jumps.

mod calendar;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod keeper;
mod limits;
mod memory;
mod name;
mod runner;
mod store;
mod timer;

pub use calendar::{DueError, due_at};
pub use error::{BoxError, ReadError, WriteError};
pub use keeper::{Derive, KeepError, Keeper};
pub use limits::Limits;
pub use memory::MemoryTimers;
pub use name::{BookName, NAME_BYTES_MAX, NameError, TimerName};
pub use runner::{Fire, RunError, Runner, RunnerOptions, RunnerOptionsError, Standing};
pub use store::TimerStore;
pub use timer::{Checkpoint, Generation, Order, Place, Timer, TimerId, Write};
