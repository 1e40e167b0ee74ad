//! The names of books and of timers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name of a book or of a timer, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// Why a text cannot serve as a name here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is 1 to 128 bytes of text without control characters, found {found:?}")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// The beginning of what was found.
    pub found: String,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name, once it is checked.
            ///
            /// # Errors
            /// When it is empty, too long, or has control characters.
            pub fn new(text: impl Into<Arc<str>>) -> Result<Self, NameError> {
                let text = text.into();
                let has_size = !text.is_empty() && text.len() <= NAME_BYTES_MAX;
                if has_size && !text.chars().any(char::is_control) {
                    return Ok(Self(text));
                }
                Err(NameError { what: $what, found: text.chars().take(64).collect() })
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
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
    )*};
}

texts! {
    /// Whose timers they are: those of a service's things, those of its sagas.
    BookName = "the name of a book of timers";
    /// Which timer of its stream.
    TimerName = "the name of a timer";
}
