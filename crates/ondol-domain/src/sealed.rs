//! A value that only the vault can read: what an event says of a person, without saying it.
//!
//! A business file carries it about and compares it, and cannot look inside. When the person is
//! forgotten the key is destroyed, and the events stay as they were recorded.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

/// A sealed value of type `T`.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Sealed<T> {
    text: String,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// What a vault has written.
    pub const fn written(text: String) -> Self {
        Self { text, of: PhantomData }
    }

    /// The text that a vault reads.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self::written(self.text.clone())
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
