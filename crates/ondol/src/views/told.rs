//! What is told of views.

use ondol_views::{How, Phase, Progress, Verified, ViewId};
use serde::{Deserialize, Serialize};

/// A build that is folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BuildBody {
    pub(crate) service: String,
    pub(crate) view: String,
    pub(crate) build: String,
    /// `catching up`, `live`, `waiting` or `stopped`.
    pub(crate) phase: String,
    /// How many events of its logs it has dealt with.
    pub(crate) done: u64,
    /// How many it has not, once that is known.
    pub(crate) behind: Option<u64>,
    pub(crate) events_per_second: u64,
    /// What went wrong last, if it waits to go on.
    pub(crate) failure: Option<String>,
}

/// What came of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderedBody {
    /// The build that was begun, or that answers now.
    pub(crate) build: Option<String>,
    /// Why the document that was rebuilt is parked, if it is.
    pub(crate) parked: Option<String>,
    /// What was found by comparing.
    pub(crate) verified: Option<VerifiedBody>,
}

/// What was found by comparing documents with a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VerifiedBody {
    pub(crate) view: String,
    pub(crate) documents: u64,
    pub(crate) events: u64,
    pub(crate) differing: u64,
    /// As far as they are told.
    pub(crate) differences: Vec<DifferenceBody>,
}

/// A document that is not what a replay makes of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DifferenceBody {
    pub(crate) key: String,
    pub(crate) how: String,
}

impl BuildBody {
    pub(crate) fn of(service: &str, view: &str, progress: &Progress) -> Self {
        let phase = match progress.phase {
            Phase::CatchingUp => "catching up",
            Phase::Live => "live",
            Phase::Waiting => "waiting",
            Phase::Stopped => "stopped",
        };
        let done = progress.checkpoints.iter().map(|one| one.checkpoint.position.get());
        Self {
            service: service.to_owned(),
            view: view.to_owned(),
            build: progress.view.to_string(),
            phase: phase.to_owned(),
            done: done.fold(0, u64::saturating_add),
            behind: progress.behind,
            events_per_second: progress.events_per_second,
            failure: progress.failure.clone(),
        }
    }

    /// Whether it is folded, and not only waited for.
    pub(crate) fn is_folded(&self) -> bool {
        self.phase == "live" || self.phase == "catching up"
    }
}

impl OrderedBody {
    pub(crate) fn build(build: &ViewId) -> Self {
        Self { build: Some(build.to_string()), ..Self::default() }
    }
}

impl VerifiedBody {
    pub(crate) fn of(verified: &Verified) -> Self {
        let differences = verified.differences.iter();
        let told = |one: &ondol_views::Difference| DifferenceBody {
            key: one.key.to_string(),
            how: how(&one.how),
        };
        Self {
            view: verified.view.to_string(),
            documents: verified.documents,
            events: verified.events,
            differing: verified.differing,
            differences: differences.map(told).collect(),
        }
    }
}

/// In words what differs.
fn how(how: &How) -> String {
    match how {
        How::Missing => "it is not there".to_owned(),
        How::Extra => "it should not be there".to_owned(),
        How::Entries => "it is found by other values".to_owned(),
        How::Places(places) => {
            let told = places.iter().map(|place| {
                let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
                let at = if place.at.is_empty() { "/" } else { &place.at };
                format!("{at} is {}, replayed {}", of(&place.stored), of(&place.replayed))
            });
            told.collect::<Vec<_>>().join("; ")
        }
        How::LastEvent { stored, replayed } => {
            format!("its last event is {replayed}, and {stored} is stored")
        }
        How::Unfoldable { position, reason } => {
            format!("event {position} cannot be folded: {reason}")
        }
        How::Unkeepable { reason } => format!("it cannot be kept: {reason}"),
        other => format!("{other:?}"),
    }
}
