//! A part of an ordered list: from a value, itself included, to before another.

use crate::ordered;

/// A span of encoded values: from `low`, itself included, to before `high`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValueSpan {
    /// Where it begins.
    pub low: Vec<u8>,
    /// Before what it ends; at the end of the list, if nothing is named.
    pub high: Option<Vec<u8>>,
}

/// A span of keys: from `low`, itself included, to before `high`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySpan {
    /// Where it begins.
    pub low: String,
    /// Before what it ends; at the end of the list, if nothing is named.
    pub high: Option<String>,
}

impl ValueSpan {
    /// Every value.
    pub fn all() -> Self {
        Self::default()
    }

    /// The values that begin with these bytes.
    pub fn beginning_with(bytes: Vec<u8>) -> Self {
        Self { high: ordered::after_prefix(&bytes), low: bytes }
    }

    /// The part of this span that lies in the other as well.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let high = match (self.high, other.high) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { low: self.low.max(other.low), high }
    }

    /// Whether a value lies in it.
    pub fn contains(&self, value: &[u8]) -> bool {
        value >= self.low.as_slice() && self.high.as_deref().is_none_or(|high| value < high)
    }
}

impl KeySpan {
    /// Every key.
    pub fn all() -> Self {
        Self::default()
    }

    /// The keys that begin with this text.
    pub fn beginning_with(text: &str) -> Self {
        Self { low: text.to_owned(), high: after_text(text) }
    }

    /// The same span, of the keys' bytes.
    pub fn as_bytes(&self) -> ValueSpan {
        ValueSpan {
            low: self.low.clone().into_bytes(),
            high: self.high.clone().map(String::into_bytes),
        }
    }
}

/// The least text that is greater than all that begin with this one, if there is one.
fn after_text(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        let following = (u32::from(last).saturating_add(1)..=0x0010_FFFF).find_map(char::from_u32);
        if let Some(following) = following {
            characters.push(following);
            return Some(characters.into_iter().collect());
        }
    }
    None
}
