//! What can be wrong with golden files.

use std::path::PathBuf;

use ondol_domain::{DecodeError, EncodeError, Problems, ShapeProblem};
use ondol_kernel::EventType;

use crate::side_by_side::side_by_side;

/// What is wrong with a golden file, or with the event that it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoldenProblem {
    /// The events' shapes do not hold together.
    #[error(transparent)]
    Shapes(Problems<ShapeProblem>),
    /// There is no example of an event.
    #[error("there is no example of {event_type}: add one to the test")]
    NoExample {
        /// Which event.
        event_type: EventType,
    },
    /// There are two examples of an event.
    #[error("there are two examples of {event_type}: one is enough")]
    TwoExamples {
        /// Which event.
        event_type: EventType,
    },
    /// An example cannot be recorded.
    #[error("an example cannot be recorded: {source}")]
    Unwritable {
        /// Why not.
        source: EncodeError,
    },
    /// The newest version of an event has no file.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// An older version of an event has no file, and nothing can write it now.
    #[error(
        "{} is missing: an upcast says that this was recorded once; bring the file back",
        path.display()
    )]
    OldMissing {
        /// The file.
        path: PathBuf,
    },
    /// An event is no longer recorded as it was.
    #[error(
        "{} is not how the event is recorded now; what was recorded never changes: take the \
         change back, or declare an upcast, which makes it a new version\n\n{}",
        path.display(),
        side_by_side(expected, actual)
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// How it was recorded.
        expected: String,
        /// How it is recorded now.
        actual: String,
    },
    /// An event is no longer read as what it was.
    #[error(
        "{} is not read as the example that it was made from\n\n{}",
        path.display(),
        side_by_side(expected, actual)
    )]
    ReadOtherwise {
        /// The file.
        path: PathBuf,
        /// The example.
        expected: String,
        /// What was read.
        actual: String,
    },
    /// An event can no longer be read.
    #[error("{} can no longer be read: {source}{}", path.display(), cause(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: DecodeError,
    },
    /// The file is not one that was written here.
    #[error("{} is no golden file: {source}", path.display())]
    NotGolden {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// The disk failed.
    #[error("{} cannot be used: {source}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// A failing test is read by a person, who needs the cause as well.
fn cause(error: &DecodeError) -> String {
    std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"))
}
