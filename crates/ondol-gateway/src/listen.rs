//! Workers: each a thread with its own sockets, its own runtime, and its own connections.
//!
//! The kernel deals new connections out among the workers (`SO_REUSEPORT`). From then on a connection
//! never leaves its thread, and neither do the idle upstream connections it uses, so that nothing a
//! request touches is fought over.

mod bind;
mod proxy;
mod worker;

pub(crate) use bind::{Door, bind};
pub(crate) use worker::{Shift, work};

#[cfg(test)]
pub(crate) use proxy::{read_addresses, read_line};
