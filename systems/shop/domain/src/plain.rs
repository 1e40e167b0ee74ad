//! Short names that others have given: what something is paid with, where it is picked up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long such a name is at most.
pub const PLAIN_BYTES_MAX: usize = 64;

/// What something is paid with, as the payment provider knows it. A card's number is none of ours.
pub type Means = Plain;

/// Where something is picked up, as the carrier knows it. Where people live is none of ours.
pub type Point = Plain;

/// A short name of letters, digits, dots and hyphens; nothing, in events of long ago.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Plain(String);

/// Why a text is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name of 1 to {PLAIN_BYTES_MAX} letters, digits, dots and hyphens was asked for")]
pub struct PlainError;

impl Plain {
    /// A name.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: impl Into<String>) -> Result<Self, PlainError> {
        let text = text.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        if text.is_empty() || text.len() > PLAIN_BYTES_MAX || !text.bytes().all(is_plain) {
            return Err(PlainError);
        }
        Ok(Self(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody has said.
    pub const fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Plain {
    type Error = PlainError;

    fn try_from(text: String) -> Result<Self, PlainError> {
        if text.is_empty() { Ok(Self::default()) } else { Self::new(text) }
    }
}

impl From<Plain> for String {
    fn from(plain: Plain) -> Self {
        plain.0
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
