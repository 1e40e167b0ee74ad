//! The projector: folds a view from its logs, and keeps the documents.
//!
//! Pages are read ahead, taken apart and handed to the fold; documents stay folded in memory and
//! are written now and then, together with the checkpoints and whatever had to be parked. A view
//! only folds, so whatever fails is thrown away and done again from the last checkpoint.
//!
//! Documents of one key are folded in the order of their log. Between several logs there is no
//! order, and a replay reads one after the other: a view of several logs must not depend on it.

mod arena;
mod build;
mod compare;
mod error;
mod fold;
mod follower;
mod handle;
mod kept;
mod options;
mod pages;
mod panics;
mod parked_set;
mod read;
mod repair;
mod replay;
mod run;
mod session;
mod source;
mod stands;
mod state;
mod verify;

pub use compare::{Difference, How, PlaceDiffers};
pub use error::{FollowError, ProjectorError};
pub use handle::{OrderError, ViewHandle};
pub use options::{ProjectorOptions, ProjectorOptionsError};
pub use repair::{RepairError, Repaired};
pub use run::{Parts, Projector};
pub use source::Source;
pub use state::{Phase, Progress};
pub use verify::{Extent, Verified};
