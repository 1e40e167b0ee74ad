//! Where an event stands: its version in its stream and its position in the log.
//!
//! Both count from 1 and leave no gaps, so zero means "before the first" and a reader needs
//! nothing but the last number it has seen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many events a stream holds; an event's version is the count once it was added.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u64);

/// How many events a log holds; an event's position is the count once it was added.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(u64);

macro_rules! counts_from_one {
    ($($name:ident: $start:ident, $before:literal;)*) => {$(
        impl $name {
            #[doc = $before]
            pub const $start: Self = Self(0);

            /// The one with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one that follows.
            ///
            /// # Panics
            /// After 2⁶⁴ − 1: at a million a second, in half a million years.
            #[must_use]
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The one `count` further on.
            ///
            /// # Panics
            /// Past 2⁶⁴ − 1.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self(self.0.checked_add(count).expect("counting events does not reach 2^64"))
            }

            /// The one before, unless nothing comes before.
            #[must_use]
            pub const fn previous(self) -> Option<Self> {
                match self.0.checked_sub(1) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

counts_from_one! {
    Version: EMPTY, "The version of a stream that has no events.";
    Position: START, "Before the first event of the log.";
}
