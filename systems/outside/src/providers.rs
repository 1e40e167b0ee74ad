//! The providers, each a pure function from its books and a question to an answer.

mod carrier;
mod cdn;
mod insurer;
mod payment;
mod recommendation;

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Asked, News};
use crate::records::{Record, Records};

/// A provider.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Authorizes, captures, voids and refunds payments.
    Payment,
    /// Carries shipments.
    Carrier,
    /// Hands out pictures and films.
    Cdn,
    /// Says what people may like.
    Recommendation,
    /// Agrees beforehand to pay for treatments.
    Insurer,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Payment, Self::Carrier, Self::Cdn, Self::Recommendation, Self::Insurer];

    /// What it is called, in addresses as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Carrier => "carrier",
            Self::Cdn => "cdn",
            Self::Recommendation => "recommendation",
            Self::Insurer => "insurer",
        }
    }

    /// The one that is called so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }

    /// What it answers.
    pub(crate) fn answer(self, asked: &Asked<'_>, records: &Records) -> Answer {
        let answered = match self {
            Self::Payment => payment::answer(asked, records),
            Self::Carrier => carrier::answer(asked, records),
            Self::Cdn => Ok(cdn::answer(asked)),
            Self::Recommendation => recommendation::answer(asked),
            Self::Insurer => insurer::answer(asked, records),
        };
        answered.unwrap_or_else(|refused| refused)
    }

    /// How a record goes on by itself when its time has come.
    pub(crate) fn goes_on(self, record: &Record) -> Option<(Record, News)> {
        match self {
            Self::Carrier => carrier::delivered(record),
            Self::Payment | Self::Cdn | Self::Recommendation | Self::Insurer => None,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
