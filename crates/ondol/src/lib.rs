//! The command line of the house: what an operator does with a log.
//!
//! `ondol log …` looks at logs, checks, mends, copies, exports and imports them. The verbs are
//! here and know no engine: they open a log through [`Logs`]. [`Engines`] opens those on a disk
//! and in PostgreSQL; another program can take the verbs over with engines of its own.

mod engines;
mod log;

pub use engines::Engines;
pub use log::{
    Finding, LogAddress, LogAddressError, LogCommand, LogFailure, Logs, OpenFailure, Output,
    Purpose, Terminal, Verified,
};
