//! The proof of the shop: the whole of it in one process, on logs on a disk, with the world outside
//! asked over HTTP. Its bench runs on the same floor.

mod audit;
mod floor;
mod storm;

pub use audit::{Audit, audit};
pub use floor::Floor;
pub use storm::{Storm, StormReport, storm};
