//! A day of the bank's calendar.
//!
//! The bank is in Seoul, where clocks have not been set forward or back since 1988: its days begin
//! nine hours before those of universal time. A bank day is asked for where money is due on a day
//! and not at a moment.

use std::fmt;
use std::str::FromStr;

use ondol_domain::{Date, Due, TimeOfDay};
use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the bank is, as in the IANA time zone database.
pub const ZONE: &str = "Asia/Seoul";

const AHEAD_MICROS: i64 = 9 * 3_600 * 1_000_000;
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// Days from 1 March of the year 0 to 1 January 1970.
const TO_EPOCH: i64 = 719_468;
const FOUR_CENTURIES: i64 = 146_097;

/// A day, as the bank counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: i16,
    month: i8,
    day: i8,
}

/// A month, as the bank counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i16,
    month: i8,
}

/// Why a text is no day, or no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a day like 2026-11-28 or a month like 2026-11 was asked for, found {found:?}")]
pub struct DayError {
    /// What was found.
    pub found: String,
}

impl Day {
    /// A day of the calendar, from the year 1 to the year 9999; nothing, if there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        let month = Month::new(year, month)?;
        month.day(day)
    }

    /// The day that it is in the bank at a moment.
    pub fn at(moment: Timestamp) -> Self {
        Self::from_count(moment.as_micros().saturating_add(AHEAD_MICROS).div_euclid(DAY_MICROS))
    }

    /// The moment at which it begins, if moments reach so far.
    pub fn begins(self) -> Option<Timestamp> {
        Timestamp::from_micros(self.count() * DAY_MICROS - AHEAD_MICROS).ok()
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self::from_count(self.count() + i64::from(days))
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The same day so many months later; the last of that month, where it has no such day.
    #[must_use]
    pub fn months_later(self, months: u16) -> Self {
        let month = self.month().plus(months);
        month.day(self.day).unwrap_or_else(|| month.last())
    }

    /// How many days it is after another.
    pub fn since(self, earlier: Self) -> i64 {
        self.count() - earlier.count()
    }

    /// The month that it is of.
    pub const fn month(self) -> Month {
        Month { year: self.year, month: self.month }
    }

    /// A timer's time: on this day, at an hour and minute in the bank.
    pub fn due_at(self, hour: i8, minute: i8) -> Due {
        let date = Date { year: self.year, month: self.month, day: self.day };
        Due::On { date, at: TimeOfDay { hour, minute, second: 0 }, zone: ZONE.into() }
    }

    /// How many days after 1 January 1970 it is, counting years from March on, so that the day that
    /// is put in stands at the end.
    fn count(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
        cycle * FOUR_CENTURIES + days - TO_EPOCH
    }

    fn from_count(count: i64) -> Self {
        let count = count + TO_EPOCH;
        let (cycle, days) = (count.div_euclid(FOUR_CENTURIES), count.rem_euclid(FOUR_CENTURIES));
        let of_cycle = (days - days / 1_460 + days / 36_524 - days / 146_096) / 365;
        let of_year = days - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = cycle * 400 + of_cycle + i64::from(month <= 2);
        Self {
            year: i16::try_from(year).unwrap_or(i16::MAX),
            month: i8::try_from(month).unwrap_or(1),
            day: i8::try_from(day).unwrap_or(1),
        }
    }
}

impl Month {
    /// A month of the calendar; nothing, if there is no such month.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        let is_month = (1..=9_999).contains(&year) && (1..=12).contains(&month);
        is_month.then_some(Self { year, month })
    }

    /// Its first day.
    pub const fn first(self) -> Day {
        Day { year: self.year, month: self.month, day: 1 }
    }

    /// Its last day.
    pub fn last(self) -> Day {
        self.plus(1).first().plus(-1)
    }

    /// So many months later.
    #[must_use]
    pub fn plus(self, months: u16) -> Self {
        let count = i32::from(self.year) * 12 + i32::from(self.month) - 1 + i32::from(months);
        let year = i16::try_from(count.div_euclid(12)).unwrap_or(i16::MAX);
        Self { year, month: i8::try_from(count.rem_euclid(12) + 1).unwrap_or(1) }
    }

    /// A day of it, if it has so many.
    pub fn day(self, day: i8) -> Option<Day> {
        let has = match self.month {
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=has).contains(&day).then_some(Day { year: self.year, month: self.month, day })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.month(), self.day)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A number of exactly so many digits.
fn number<N: FromStr>(text: &str, digits: usize) -> Option<N> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

impl FromStr for Month {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let read = text
            .split_once('-')
            .and_then(|(year, month)| Self::new(number(year, 4)?, number(month, 2)?));
        read.ok_or_else(|| DayError { found: text.to_owned() })
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let read = text
            .rsplit_once('-')
            .and_then(|(month, day)| month.parse::<Month>().ok()?.day(number(day, 2)?));
        read.ok_or_else(|| DayError { found: text.to_owned() })
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl TryFrom<String> for Month {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}
