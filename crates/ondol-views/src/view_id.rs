//! Which set of documents: a view's name, the version of its fold, and the build.
//!
//! Versions stand side by side, and so do builds of one version: a rebuild makes a new build
//! beside the one that goes on serving, whether or not the fold has changed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{NameError, ViewName};

/// One set of documents of a view. Later ones compare greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewId {
    /// The view.
    pub name: ViewName,
    /// The version of its fold.
    pub version: u32,
    /// Which build of that version, from 1 on.
    pub build: u32,
}

/// Why a text does not name a set of documents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewIdError {
    /// The view's name breaks a rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The version or the build is not there or not a number.
    #[error(
        "a set of documents is named name@version.build, such as statement@2.1, found {found:?}"
    )]
    Shape {
        /// What was found.
        found: String,
    },
}

impl ViewId {
    /// The first build of a version.
    pub fn first(name: ViewName, version: u32) -> Self {
        Self { name, version, build: 1 }
    }

    /// The build that follows this one.
    ///
    /// # Panics
    /// After four thousand million builds of one version.
    #[must_use]
    pub fn next_build(&self) -> Self {
        let build = self.build.checked_add(1).expect("rebuilding does not reach 2^32 builds");
        Self { build, ..self.clone() }
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}.{}", self.name, self.version, self.build)
    }
}

impl FromStr for ViewId {
    type Err = ViewIdError;

    fn from_str(text: &str) -> Result<Self, ViewIdError> {
        let shape = || ViewIdError::Shape { found: text.chars().take(64).collect() };
        let (name, numbers) = text.split_once('@').ok_or_else(shape)?;
        let (version, build) = numbers.split_once('.').ok_or_else(shape)?;
        Ok(Self {
            name: name.parse()?,
            version: version.parse().map_err(|_number| shape())?,
            build: build.parse().map_err(|_number| shape())?,
        })
    }
}

/// Which documents are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Those that answer for a view at present.
    Serving(ViewName),
    /// Exactly these, serving or not.
    Exactly(ViewId),
}

impl From<ViewId> for Target {
    fn from(id: ViewId) -> Self {
        Self::Exactly(id)
    }
}

impl From<ViewName> for Target {
    fn from(name: ViewName) -> Self {
        Self::Serving(name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serving(name) => name.fmt(f),
            Self::Exactly(id) => id.fmt(f),
        }
    }
}
