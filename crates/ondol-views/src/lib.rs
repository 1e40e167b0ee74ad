//! Views: documents folded from events, and the port behind which they are kept.
//!
//! A view is a set of documents; each is what a fold has made of the events that touch its key.
//! Documents are kept with the checkpoints they were folded up to, in one commit, so that
//! nothing is folded twice and nothing is left out, whatever happens in between.
//!
//! - [`ViewStore`] is the port. Engines: memory here ([`MemoryViews`]), SQLite and PostgreSQL in
//!   their own crates.
//! - A [`ViewId`] names one set of documents. Several stand side by side, and one of them answers
//!   for its view: a rebuild is made beside it and swapped in by one commit.
//! - A [`Query`] asks for documents by key or by a declared index, in pages that begin where the
//!   one before has ended.
//! - A poison event parks its own key ([`Parked`]); other keys flow.
//! - Beside the documents stands what cannot be folded: what requests from outside were refused
//!   with, for a day ([`RefusalBook`]).

mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
mod definition;
mod document;
mod documents;
mod entries;
mod error;
mod faults;
mod find;
mod limits;
mod memory;
mod names;
pub mod ordered;
mod parked;
mod projector;
mod query;
mod refusals;
mod store;
mod view_id;
mod wait;
mod write;

pub use checkpoint::{Advance, Checkpoint, CheckpointFault, SourceCheckpoint, checkpoint_of};
pub use definition::{Definition, ViewStatus};
pub use document::{Change, Document, DocumentTooLarge, Entry, LastEvent, Loaded};
pub use documents::{Documents, Found, FoundPage};
pub use entries::{EntriesError, pack, unpack};
pub use error::{BoxError, DefineError, LoadError, QueryError, WriteError};
pub use faults::{FailOnce, Failed, Faults, NoFaults, Step};
pub use find::{Find, FindError};
pub use limits::Limits;
pub use memory::{KeptRefusals, MemoryViews};
pub use names::{DocumentKey, KEY_BYTES_MAX, NAME_BYTES_MAX, NameError, SourceName, ViewName};
pub use parked::{Parked, Parking, REASON_BYTES_MAX, Unit, UnitError, Waiting, shortened};
pub use projector::{
    Difference, Extent, FollowError, How, OrderError, Parts, Phase, PlaceDiffers, Progress,
    Projector, ProjectorError, ProjectorOptions, ProjectorOptionsError, RepairError, Repaired,
    Source, Verified, ViewHandle,
};
pub use query::{
    Count, Cursor, CursorError, Direction, InvalidQuery, KeySpan, Place, Query, QueryPage, Scan,
    Selection, ValueSpan,
};
pub use refusals::{KeptRefusal, RefusalBook, RefusalError, RefusalLimits};
pub use store::ViewStore;
pub use view_id::{Target, ViewId, ViewIdError};
pub use wait::{WaitError, wait_for};
pub use write::Write;
