//! Why documents could not be read.

use ondol_views::{CursorError, DocumentKey, LoadError, QueryError, Target};

/// Why documents could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The text to go on after is no cursor.
    #[error("the page to go on after is not known")]
    Cursor(#[from] CursorError),
    /// The question was not answered.
    #[error("the question was not answered")]
    Query(#[from] QueryError),
    /// The documents could not be read from the store.
    #[error("the document could not be read")]
    Load(#[from] LoadError),
    /// A document is not what the view reads: its version should have been raised.
    #[error("the document {key} of {view} is not what the view reads")]
    Unreadable {
        /// Which view.
        view: Target,
        /// Which document.
        key: DocumentKey,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl AskError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cursor(_) => "view-cursor-foreign",
            Self::Query(error) => error.code(),
            Self::Load(error) => error.code(),
            Self::Unreadable { .. } => "view-document-unreadable",
        }
    }
}
