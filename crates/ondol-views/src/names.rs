//! The names under which documents are kept: which view, which log, which document.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name of a view or of a log, in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// The longest key of a document, in bytes.
pub const KEY_BYTES_MAX: usize = 512;

/// Why a text cannot serve as a name here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {rule}, found {found:?}")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// What it must be.
    pub rule: &'static str,
    /// The beginning of what was found.
    pub found: String,
}

const NAME_RULE: &str = "1 to 64 lower case letters, digits, '.', '_' or '-', from a letter on";
const KEY_RULE: &str = "1 to 512 bytes of text without control characters";

fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
}

pub(crate) fn is_key(text: &str) -> bool {
    // Nearly all keys are plain ASCII, and bytes are quicker to look through than characters.
    let is_plain = || text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let has_size = !text.is_empty() && text.len() <= KEY_BYTES_MAX;
    has_size && (is_plain() || !text.chars().any(char::is_control))
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $rule:ident, $check:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name, once it is checked.
            ///
            /// # Errors
            /// When it breaks the rule for its kind.
            pub fn new(text: impl Into<Arc<str>>) -> Result<Self, NameError> {
                let text = text.into();
                if $check(&text) {
                    return Ok(Self(text));
                }
                let found = text.chars().take(64).collect();
                Err(NameError { what: $what, rule: $rule, found })
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&*text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

texts! {
    /// The name of a view: `statement`.
    ViewName = "the name of a view", NAME_RULE, is_name;
    /// The name of a log that a view is folded from: `bank.account`.
    SourceName = "the name of a log", NAME_RULE, is_name;
    /// Which document of a view.
    DocumentKey = "the key of a document", KEY_RULE, is_key;
}
