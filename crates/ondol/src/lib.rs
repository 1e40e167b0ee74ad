//! The command line of the house: what an operator does with a log.
//!
//! `ondol log …` looks at logs, checks, mends, copies, exports and imports them. The verbs are
//! here and know no engine: they open a log through [`Logs`], which the binary hands in, so
//! that another program can take them over with engines of its own.

mod log;

pub use log::{
    Finding, LogAddress, LogAddressError, LogCommand, LogFailure, Logs, OpenFailure, Output,
    Purpose, Terminal, Verified,
};
