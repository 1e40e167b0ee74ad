//! Why a store of views did not do what it was asked: one type an operation.

use crate::{Checkpoint, Definition, DocumentTooLarge, InvalidQuery, SourceName, Target, ViewId};

/// What an engine found when the world failed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why documents, checkpoints or parked keys could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There are no such documents.
    #[error("there is no view {asked}")]
    UnknownView {
        /// What was asked for.
        asked: Target,
    },
    /// More was asked for at once than is given.
    #[error("one load has at most {most} keys, found {found}")]
    TooMany {
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// What is stored is not what was written.
    #[error("what is stored of {view} is not what was written")]
    Corrupt {
        /// In which set of documents.
        view: Target,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// The store could not be reached; try again.
    #[error("the store of views cannot be reached")]
    Unavailable(#[source] BoxError),
}

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The query cannot be answered as it is.
    #[error("the query cannot be answered by {view}")]
    Invalid {
        /// By which view.
        view: Target,
        /// Why not.
        #[source]
        source: InvalidQuery,
    },
    /// The documents could not be read.
    #[error("the documents could not be read")]
    Load(#[from] LoadError),
}

/// Why a write was not made. Unless it says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There is no such set of documents.
    #[error("there is no view {asked}")]
    UnknownView {
        /// What was asked for.
        asked: ViewId,
    },
    /// Somebody else has written, or an earlier write was made after all: read the checkpoints
    /// and go on from there.
    #[error("{log} was expected to be folded up to {}, found {}", Shown(.expected), Shown(.found))]
    Conflict {
        /// Which log's checkpoint.
        log: SourceName,
        /// Where it was expected.
        expected: Option<Checkpoint>,
        /// Where it was found.
        found: Option<Checkpoint>,
    },
    /// A document is too large to be kept.
    #[error("a document is too large to be kept")]
    TooLarge(#[from] DocumentTooLarge),
    /// There is no room. Reading goes on.
    #[error("there is no room for the documents")]
    Full(#[source] BoxError),
    /// The store could not be reached, and nothing was written; try again.
    #[error("the store of views cannot be reached")]
    Unavailable(#[source] BoxError),
    /// The connection was lost during the commit: the checkpoints tell whether it was made.
    #[error("whether the documents were written is not known")]
    Unknown(#[source] BoxError),
    /// Another process does what only one may do; nothing was written.
    #[error("another process writes the documents at present")]
    Overtaken(#[source] BoxError),
}

/// Why a view was not made, swapped or dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DefineError {
    /// There is no such set of documents.
    #[error("there is no view {asked}")]
    UnknownView {
        /// What was asked for.
        asked: ViewId,
    },
    /// It is there already, made by another fold.
    #[error("the view {} was made with the fold {:016x} and the indexes {:?}, found {:016x} and {:?}", .kept.id, .kept.fold, .kept.indexes, .asked.fold, .asked.indexes)]
    Differs {
        /// As it is.
        kept: Box<Definition>,
        /// As it was to be.
        asked: Box<Definition>,
    },
    /// It has more indexes than there may be.
    #[error("a view has at most {most} indexes, found {found}")]
    TooManyIndexes {
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// It answers for its view, so it is not dropped.
    #[error("the view {view} answers queries and is not dropped")]
    Serving {
        /// Which one.
        view: ViewId,
    },
    /// The store could not be reached; try again.
    #[error("the store of views cannot be reached")]
    Unavailable(#[source] BoxError),
    /// Another process does what only one may do; nothing was changed.
    #[error("another process writes the documents at present")]
    Overtaken(#[source] BoxError),
}

/// A checkpoint that may not be there, in words.
struct Shown<'a>(&'a Option<Checkpoint>);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(checkpoint) => checkpoint.fmt(f),
            None => f.write_str("nothing at all"),
        }
    }
}

impl LoadError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownView { .. } => "view-unknown",
            Self::TooMany { .. } => "view-load-too-large",
            Self::Corrupt { .. } => "view-store-corrupt",
            Self::Unavailable(_) => "view-store-unavailable",
        }
    }
}

impl QueryError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { source: InvalidQuery::UnknownIndex { .. }, .. } => "view-index-unknown",
            Self::Invalid { source: InvalidQuery::ForeignCursor, .. } => "view-cursor-foreign",
            Self::Load(error) => error.code(),
        }
    }
}

impl WriteError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownView { .. } => "view-unknown",
            Self::Conflict { .. } => "view-write-conflict",
            Self::TooLarge(_) => "view-document-too-large",
            Self::Full(_) => "view-store-full",
            Self::Unavailable(_) => "view-store-unavailable",
            Self::Unknown(_) => "view-write-unknown",
            Self::Overtaken(_) => "lease-lost",
        }
    }

    /// Whether the same write, built anew upon the checkpoints as they stand, may succeed.
    pub const fn is_worth_retrying(&self) -> bool {
        matches!(
            self,
            Self::Conflict { .. }
                | Self::Full(_)
                | Self::Unavailable(_)
                | Self::Unknown(_)
                | Self::Overtaken(_)
        )
    }
}

impl DefineError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownView { .. } => "view-unknown",
            Self::Differs { .. } => "view-definition-differs",
            Self::TooManyIndexes { .. } => "view-too-many-indexes",
            Self::Serving { .. } => "view-is-serving",
            Self::Unavailable(_) => "view-store-unavailable",
            Self::Overtaken(_) => "lease-lost",
        }
    }
}
