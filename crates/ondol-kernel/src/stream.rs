//! The name of a stream: what kind of thing it is about, and which one.

mod short;

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::short::ShortText;
use crate::name::{self, NameError};

/// The longest kind of stream, in bytes.
const KIND_BYTES_MAX: usize = 64;
/// What a name is called that breaks a rule.
const WHAT: &str = "the name of a stream";

/// A stream's name, `kind:key`: `account:01939d2e-…`.
///
/// The kind is lower case, digits, `.`, `_` and `-`, from a letter on; the key is any printable
/// text. Kinds that begin with `$` are the house's own: no service may write to them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    name: Arc<str>,
}

/// Why a text does not name a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamIdError {
    /// The whole name breaks a rule that every name has to keep.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is no `:` between a kind and a key.
    #[error("a stream is named kind:key, found no colon in {found:?}")]
    NoKind {
        /// What was found.
        found: String,
    },
    /// The kind is not lower case letters, digits, `.`, `_`, `-`.
    #[error(
        "the kind of a stream is 1 to 64 lower case letters, digits, '.', '_' or '-', from a letter on, found {found:?}"
    )]
    BadKind {
        /// What was found.
        found: String,
    },
    /// Nothing follows the colon.
    #[error("the stream {found:?} has no key after its kind")]
    NoKey {
        /// What was found.
        found: String,
    },
}

impl StreamIdError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(error) => error.code(),
            Self::NoKind { .. } => "stream-without-kind",
            Self::BadKind { .. } => "stream-kind-invalid",
            Self::NoKey { .. } => "stream-without-key",
        }
    }
}

impl StreamId {
    /// The stream about the one thing of its kind that has this key.
    ///
    /// # Errors
    /// When the kind or the key breaks a rule of [`StreamId`].
    pub fn new(kind: &str, key: impl fmt::Display) -> Result<Self, StreamIdError> {
        if !check_kind(kind) {
            return Err(StreamIdError::BadKind { found: kind.chars().take(64).collect() });
        }
        // Most names are short, and whoever writes events makes one for each: such a name is put
        // together without asking for memory.
        let mut short = ShortText::default();
        match write!(short, "{kind}:{key}") {
            Ok(()) => Self::of_kind(kind, short.as_str()),
            Err(fmt::Error) => Self::of_kind(kind, &format!("{kind}:{key}")),
        }
    }

    /// A name that begins with this kind, which is checked, and a colon.
    fn of_kind(kind: &str, name: &str) -> Result<Self, StreamIdError> {
        name::check(WHAT, name)?;
        if name.len() == kind.len() + 1 {
            return Err(StreamIdError::NoKey { found: name.to_owned() });
        }
        Ok(Self { name: name.into() })
    }

    /// What kind of thing the stream is about.
    pub fn kind(&self) -> &str {
        self.split().0
    }

    /// Which one of its kind.
    pub fn key(&self) -> &str {
        self.split().1
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether the stream is the house's own, which no service may write to.
    pub fn is_internal(&self) -> bool {
        self.name.starts_with('$')
    }

    fn split(&self) -> (&str, &str) {
        self.name.split_once(':').expect("a stream's name is checked to have a colon when made")
    }
}

fn check_kind(kind: &str) -> bool {
    let named = kind.strip_prefix('$').unwrap_or(kind);
    let mut bytes = named.bytes();
    kind.len() <= KIND_BYTES_MAX
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
}

impl TryFrom<Arc<str>> for StreamId {
    type Error = StreamIdError;

    fn try_from(name: Arc<str>) -> Result<Self, StreamIdError> {
        name::check(WHAT, &name)?;
        let found = || name.to_string();
        let colon = name.bytes().position(|byte| byte == b':');
        let colon = colon.ok_or_else(|| StreamIdError::NoKind { found: found() })?;
        let (kind, key) = (&name[..colon], &name[colon + 1..]);
        if !check_kind(kind) {
            return Err(StreamIdError::BadKind { found: kind.to_owned() });
        }
        if key.is_empty() {
            return Err(StreamIdError::NoKey { found: found() });
        }
        Ok(Self { name })
    }
}

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(name: &str) -> Result<Self, StreamIdError> {
        Arc::<str>::from(name).try_into()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
