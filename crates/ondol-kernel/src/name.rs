//! Names that people and other programs give: short, printable, and checked once.

use std::fmt;

/// The longest name, in bytes, of anything that has one.
pub const NAME_BYTES_MAX: usize = 255;

/// Why a text cannot serve as a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// What is wrong with the text.
    pub problem: NameProblem,
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// It has no characters.
    Empty,
    /// It is over [`NAME_BYTES_MAX`].
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It has a character that cannot be printed.
    Control {
        /// The byte at which it stands.
        at: usize,
    },
}

impl NameError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self.problem {
            NameProblem::Empty => "name-empty",
            NameProblem::TooLong { .. } => "name-too-long",
            NameProblem::Control { .. } => "name-control-character",
        }
    }
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty"),
            Self::TooLong { bytes } => {
                write!(f, "has {bytes} bytes, more than the {NAME_BYTES_MAX} allowed")
            }
            Self::Control { at } => write!(f, "has a control character at byte {at}"),
        }
    }
}

/// Checks what every name must be: 1 to 255 bytes, nothing unprintable.
pub(crate) fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    let problem = if text.is_empty() {
        NameProblem::Empty
    } else if text.len() > NAME_BYTES_MAX {
        NameProblem::TooLong { bytes: text.len() }
    } else if let Some(at) = control_at(text) {
        NameProblem::Control { at }
    } else {
        return Ok(());
    };
    Err(NameError { what, problem })
}

/// Where the first control character stands. ASCII, nearly always, is checked by bytes.
fn control_at(text: &str) -> Option<usize> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    text.char_indices().find(|(_, character)| character.is_control()).map(|(at, _)| at)
}

/// Declares names: texts of their own type, cheap to clone, checked when made.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The name, once it is checked.
            ///
            /// # Errors
            /// When it is empty, over 255 bytes, or has a control character.
            pub fn new(text: impl Into<std::sync::Arc<str>>) -> Result<Self, $crate::NameError> {
                let text = text.into();
                $crate::name::check($what, &text)?;
                Ok(Self(text))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::NameError> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&*text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pub(crate) use names;
