//! The event log on one disk: the fastest way to keep an event for ever that this house knows.
//!
//! A log is a folder of segments, each a sequence of groups; a group is everything that waited
//! while the one before it was synced. One thread writes; callers encode their own events and
//! are answered by group. What the log is searched by is kept beside it, follows from it, and is
//! bounded in memory whatever the log's length.
//!
//! - [`DiskStore`] is the store, made by [`DiskStore::open`] from [`Options`] and [`Doors`].
//! - [`Disk`] is the door through which files come in; [`SimDisk`] loses what disks may lose.
//! - [`verify`] looks through a whole log, [`repair`] cuts one by hand.
//!
//! The bytes are stated in `docs/log-format.md`. One process holds a log at a time.

mod appending;
mod blank;
mod bug;
mod disk;
mod draft;
mod error;
mod format;
mod heads;
mod index;
mod indexer;
mod key;
mod open;
mod options;
mod progress;
mod queue;
mod reader;
mod reading;
mod recovery;
mod repair;
mod segments;
mod snapshots;
mod store;
mod verify;
mod writer;

#[cfg(feature = "planted-bugs")]
pub use bug::PlantedBug;
pub use disk::{Disk, DiskFile, Fault, RealDisk, SimDisk};
pub use error::OpenError;
pub use format::FORMAT_VERSION;
pub use open::Doors;
pub use options::Options;
pub use repair::{Cut, repair};
pub use store::DiskStore;
pub use verify::{TornEnd, Verified, verify};
