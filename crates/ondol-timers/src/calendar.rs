//! When a timer is due, as a moment: the rules of the calendar and of a place's clocks.
//!
//! The time zone database comes with the program, so that the same program gives the same answer
//! on every machine. A timer that was set by older rules keeps its moment until it is set anew.

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use ondol_domain::{Date, Due, TimeOfDay};
use ondol_kernel::Timestamp;

/// Why it cannot be said when a timer is due.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DueError {
    /// The place is not in the time zone database.
    #[error("there is no time zone {found:?}")]
    UnknownZone {
        /// What was found.
        found: String,
    },
    /// There is no such day.
    #[error("there is no day {}-{:02}-{:02}", .found.year, .found.month, .found.day)]
    NoSuchDay {
        /// What was found.
        found: Date,
    },
    /// There is no such time of day.
    #[error("there is no time {:02}:{:02}:{:02}", .found.hour, .found.minute, .found.second)]
    NoSuchTime {
        /// What was found.
        found: TimeOfDay,
    },
    /// The moment lies outside the years 0 to 9999.
    #[error("a timer is due outside the years 0 to 9999")]
    OutOfRange,
}

impl DueError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "timer-due-invalid"
    }
}

/// The moment at which a timer is due whose event was recorded at this one.
///
/// # Errors
/// When there is no such moment.
pub fn due_at(due: &Due, recorded: Timestamp) -> Result<Timestamp, DueError> {
    match due {
        Due::At(moment) => Ok(*moment),
        Due::After(duration) => recorded.checked_add(*duration).ok_or(DueError::OutOfRange),
        Due::On { date, at, zone } => moment(day(*date)?.to_datetime(time(*at)?), &place(zone)?),
        Due::Next { at, zone } => next(time(*at)?, &place(zone)?, recorded),
    }
}

fn place(zone: &str) -> Result<TimeZone, DueError> {
    TimeZone::get(zone).map_err(|_unknown| DueError::UnknownZone { found: zone.to_owned() })
}

fn day(date: Date) -> Result<civil::Date, DueError> {
    let found = civil::Date::new(date.year, date.month, date.day);
    found.map_err(|_none| DueError::NoSuchDay { found: date })
}

fn time(at: TimeOfDay) -> Result<civil::Time, DueError> {
    let found = civil::Time::new(at.hour, at.minute, at.second, 0);
    found.map_err(|_none| DueError::NoSuchTime { found: at })
}

/// The first day from that of the event on whose time of day comes after the event.
fn next(at: civil::Time, zone: &TimeZone, recorded: Timestamp) -> Result<Timestamp, DueError> {
    let there = jiff::Timestamp::from_microsecond(recorded.as_micros());
    let there: Zoned = there.map_err(|_outside| DueError::OutOfRange)?.to_zoned(zone.clone());
    let mut date = there.date();
    // A day is at most left out whole (Samoa did once), so two more are enough.
    for _day in 0..3 {
        let found = moment(date.to_datetime(at), zone)?;
        if found > recorded {
            return Ok(found);
        }
        let tomorrow = date.checked_add(Span::new().days(1));
        date = tomorrow.map_err(|_outside| DueError::OutOfRange)?;
    }
    Err(DueError::OutOfRange)
}

/// The moment at which clocks in a place show this. What is left out when clocks are set forward
/// is as much later; of what comes twice, the first is taken.
fn moment(shown: civil::DateTime, zone: &TimeZone) -> Result<Timestamp, DueError> {
    let found = zone.to_ambiguous_timestamp(shown).compatible();
    let found = found.map_err(|_outside| DueError::OutOfRange)?;
    Timestamp::from_micros(found.as_microsecond()).map_err(|_outside| DueError::OutOfRange)
}

#[cfg(test)]
mod tests;
