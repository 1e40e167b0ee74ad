//! The proof that the event store on PostgreSQL keeps its promises when the world does not.
//!
//! [`run`] hurts a real server under writers and subscribers, round after round: sessions are
//! ended, the server is killed, the wire breaks at COMMIT, transactions are left open. After each
//! round the whole log is held against what everyone was told. Then the same is done to stores
//! with planted mistakes, each of which must be caught.

mod audit;
mod rounds;
mod torture;
mod wire;
mod writers;

pub use torture::{Report, run};
pub use wire::{Cut, Wire};
