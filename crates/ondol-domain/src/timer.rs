//! What an event wants of timers: that one is set, or cancelled.
//!
//! A timer belongs to a thing and has a name there. It is set, replaced and cancelled by the
//! thing's own events, in the same append as they; when it is due, the thing is sent a command,
//! once. Whatever is replaced or cancelled before its command has taken effect has none.
//!
//! Times of a calendar are those of a place, by the rules that hold there. When clocks are set
//! forward, a time of day that is left out is taken as much later as was left out (half past two
//! becomes half past three); when they are set back, of two equal ones the first is taken.

use std::borrow::Cow;
use std::time::Duration;

use ondol_kernel::Timestamp;

/// What an event wants of one of its thing's timers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerOrder<C> {
    /// It is to be set; one of the same name is replaced.
    Set {
        /// Which timer.
        name: Cow<'static, str>,
        /// When.
        due: Due,
        /// What is asked of the thing then.
        then: C,
    },
    /// It is to be forgotten, if there is one.
    Cancel {
        /// Which timer.
        name: Cow<'static, str>,
    },
}

/// When a timer is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// At this moment.
    At(Timestamp),
    /// So long after its event was recorded.
    After(Duration),
    /// On a day of the calendar, at a time of day, in a place.
    On {
        /// The day.
        date: Date,
        /// The time of day.
        at: TimeOfDay,
        /// The place, as in the IANA time zone database: `Asia/Seoul`.
        zone: Cow<'static, str>,
    },
    /// The next time it is this time of day in a place, after its event was recorded.
    Next {
        /// The time of day.
        at: TimeOfDay,
        /// The place, as in the IANA time zone database: `Asia/Seoul`.
        zone: Cow<'static, str>,
    },
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year, from 0 to 9999.
    pub year: i16,
    /// The month, from 1 to 12.
    pub month: i8,
    /// The day, from 1 on.
    pub day: i8,
}

/// A time of day, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// The hour, from 0 to 23.
    pub hour: i8,
    /// The minute, from 0 to 59.
    pub minute: i8,
    /// The second, from 0 to 59.
    pub second: i8,
}

/// Sets a timer: when it is due, the command is asked of the thing whose event this is.
pub fn set_timer<C>(name: impl Into<Cow<'static, str>>, due: Due, then: C) -> TimerOrder<C> {
    TimerOrder::Set { name: name.into(), due, then }
}

/// Cancels a timer, if there is one.
pub fn cancel_timer<C>(name: impl Into<Cow<'static, str>>) -> TimerOrder<C> {
    TimerOrder::Cancel { name: name.into() }
}

impl<C> TimerOrder<C> {
    /// Which timer.
    pub fn name(&self) -> &str {
        match self {
            Self::Set { name, .. } | Self::Cancel { name } => name,
        }
    }
}
