//! A moment in time, to the microsecond, in UTC.
//!
//! Wall clocks jump, so nothing is ever ordered by a timestamp: positions order. It is what
//! people see, and what deadlines and "as of" questions are asked in.

mod rfc3339;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970 in UTC; printed and parsed as RFC 3339.
///
/// A finer fraction is cut off, and a leap second is read as the second before it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text or a number is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text is not RFC 3339.
    #[error("a moment is written as 2026-01-31T09:30:00.000000Z, found {found:?}")]
    NotRfc3339 {
        /// What was found.
        found: String,
    },
    /// The moment lies outside the years 0 to 9999.
    #[error("a moment lies in the years 0 to 9999, found {micros} microseconds from 1970")]
    OutOfRange {
        /// What was found.
        micros: i64,
    },
}

impl Timestamp {
    /// The first moment of 1970.
    pub const EPOCH: Self = Self(0);
    /// The last moment of the year 9999, after which there are none.
    pub const MAX: Self = Self(Self::MICROS_MAX);
    const MICROS_MIN: i64 = -62_167_219_200_000_000;
    const MICROS_MAX: i64 = 253_402_300_799_999_999;

    /// The moment so many microseconds after 1970 began.
    ///
    /// # Errors
    /// When it lies outside the years 0 to 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        if micros < Self::MICROS_MIN || micros > Self::MICROS_MAX {
            return Err(TimestampError::OutOfRange { micros });
        }
        Ok(Self(micros))
    }

    /// Microseconds since 1970 began.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970 began; moments before it count as its beginning.
    pub fn as_unix_millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000)).unwrap_or(0)
    }

    /// The moment so much later, unless it lies past the year 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_add(micros)?).ok()
    }

    /// How long after `earlier` this is; nothing when it is not after it, for clocks jump.
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0))
            .map_or(Duration::ZERO, Duration::from_micros)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(self.0, f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let micros = rfc3339::read(text)
            .ok_or_else(|| TimestampError::NotRfc3339 { found: text.chars().take(64).collect() })?;
        Self::from_micros(micros)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
