//! What a document is found by besides its key.

use ondol_kernel::{Id, Money, Timestamp};

/// A value of each document that documents are found by.
#[derive(Debug)]
pub struct Index<V> {
    /// What it is called.
    pub name: &'static str,
    /// What can be asked of it.
    pub kind: IndexKind,
    /// The value of a document.
    pub value: fn(&V) -> IndexValue,
}

/// What can be asked of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// Which documents have this value.
    Equality,
    /// That, which lie between two values, and all in order.
    Ordered,
    /// That, and which begin with a text.
    Prefix,
}

/// A value that documents are found by; nothing sorts before numbers, numbers before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexValue {
    /// The document is not found by this index.
    Nothing,
    /// A number, a time in microseconds, an amount in its currency's smallest unit.
    Number(i64),
    /// A text, in the order of its bytes.
    Text(String),
}

impl<V> Index<V> {
    /// Finds the documents that have a value.
    pub const fn equality(name: &'static str, value: fn(&V) -> IndexValue) -> Self {
        Self { name, kind: IndexKind::Equality, value }
    }

    /// Finds the documents between two values, and puts them in order.
    pub const fn ordered(name: &'static str, value: fn(&V) -> IndexValue) -> Self {
        Self { name, kind: IndexKind::Ordered, value }
    }

    /// Finds the documents whose value begins with a text.
    pub const fn prefix(name: &'static str, value: fn(&V) -> IndexValue) -> Self {
        Self { name, kind: IndexKind::Prefix, value }
    }
}

impl From<i64> for IndexValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for IndexValue {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for IndexValue {
    fn from(yes: bool) -> Self {
        Self::Number(yes.into())
    }
}

impl From<Timestamp> for IndexValue {
    fn from(time: Timestamp) -> Self {
        Self::Number(time.as_micros())
    }
}

impl From<Money> for IndexValue {
    fn from(amount: Money) -> Self {
        Self::Number(amount.minor())
    }
}

impl From<String> for IndexValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for IndexValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<Of: ?Sized> From<Id<Of>> for IndexValue {
    fn from(id: Id<Of>) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for IndexValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}
