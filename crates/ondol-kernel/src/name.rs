//! Names that people and other programs give: short, visible, and checked once.
//!
//! A name is its bytes: two that look alike but are spelled with other characters (`é` in one and
//! in two, say) are two names. Whoever takes names from people brings them into one form first.

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
    /// It has a character that nobody sees, or that turns round the text beside it.
    Unseen {
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
            NameProblem::Unseen { .. } => "name-unseen-character",
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
            Self::Unseen { at } => {
                write!(f, "has a character that cannot be seen at byte {at}")
            }
        }
    }
}

/// Checks what every name must be: 1 to 255 bytes, nothing that cannot be seen.
pub(crate) fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    let problem = if text.is_empty() {
        NameProblem::Empty
    } else if text.len() > NAME_BYTES_MAX {
        NameProblem::TooLong { bytes: text.len() }
    } else if let Some(problem) = odd_character(text) {
        problem
    } else {
        return Ok(());
    };
    Err(NameError { what, problem })
}

/// The first character that no name has. ASCII, nearly always, is checked by bytes.
fn odd_character(text: &str) -> Option<NameProblem> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    text.char_indices().find_map(|(at, character)| match character {
        _ if character.is_control() => Some(NameProblem::Control { at }),
        _ if is_unseen(character) => Some(NameProblem::Unseen { at }),
        _ => None,
    })
}

/// Breaks of lines, what changes the direction of a text, what has no width, and what Unicode will
/// never assign. The two joiners are not among them: Persian and emoji are spelled with them.
fn is_unseen(character: char) -> bool {
    let code = u32::from(character);
    let never_assigned = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    never_assigned
        || matches!(
            code,
            0xad | 0x61c
                | 0x180e
                | 0x200b
                | 0x200e..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0xfeff
                | 0xfff9..=0xfffb
                | 0xe0000..=0xe007f
        )
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
            /// When it is empty, over 255 bytes, or has a character that cannot be seen.
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
