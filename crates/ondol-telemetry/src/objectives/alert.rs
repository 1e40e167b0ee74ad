//! When somebody has to be told.

use std::time::Duration;

use serde::Serialize;

use super::{History, Objective};

/// How soon somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Within a day or so.
    Ticket,
    /// Now.
    Page,
}

impl Severity {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Page => "page",
        }
    }
}

/// How fast a budget may be spent, over which windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burn {
    /// How soon somebody has to look.
    pub severity: Severity,
    /// Over how long it is spent.
    pub long: Duration,
    /// And over how long still.
    pub short: Duration,
    /// At how many times the rate at which it would last.
    pub rate: f64,
}

const fn burn(severity: Severity, long_minutes: u64, short_minutes: u64, rate: f64) -> Burn {
    let (long, short) =
        (Duration::from_secs(60 * long_minutes), Duration::from_secs(60 * short_minutes));
    Burn { severity, long, short, rate }
}

/// The burns that somebody is told of: of a budget for thirty days a fiftieth within an hour, a
/// twentieth within six, a tenth within a day or three.
pub const BURNS: [Burn; 4] = [
    burn(Severity::Page, 60, 5, 14.4),
    burn(Severity::Page, 6 * 60, 30, 6.0),
    burn(Severity::Ticket, 24 * 60, 2 * 60, 3.0),
    burn(Severity::Ticket, 3 * 24 * 60, 6 * 60, 1.0),
];

/// A budget that is spent too fast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Of which objective.
    pub objective: String,
    /// How soon somebody has to look.
    pub severity: Severity,
    /// At how many times the rate at which it would last, over the long window.
    pub burn_rate: f64,
    /// Over how many seconds.
    pub window_seconds: u64,
}

/// What somebody has to be told of an objective as it stands: the most urgent, if anything.
pub fn alerts(objective: &Objective, history: &History) -> Option<Alert> {
    let spent = |window| history.wrong_within(window).map(|wrong| wrong / objective.budget());
    BURNS.into_iter().find_map(|burn| {
        let (long, short) = (spent(burn.long)?, spent(burn.short)?);
        (long > burn.rate && short > burn.rate).then(|| Alert {
            objective: objective.name.clone(),
            severity: burn.severity,
            burn_rate: long,
            window_seconds: burn.long.as_secs(),
        })
    })
}
