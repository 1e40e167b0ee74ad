//! What a balancer may be told.

use std::{collections::BTreeSet, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::{Deserialize, Serialize};

use super::ENDPOINTS_MAX;
use crate::{Mode, OutlierOptions, Problems};

/// Which endpoints there are, and how one is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BalancerOptions {
    /// `off` and `observe`: round robin over all endpoints, whatever their health.
    pub mode: Mode,
    /// How one is chosen.
    pub strategy: Strategy,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The own zone: its endpoints are preferred …
    pub zone: Option<String>,
    /// … as long as this share of them is in.
    pub zone_share_min: f64,
    /// An endpoint that is added gets its full share after this time.
    #[serde(with = "human::required")]
    pub slow_start: Duration,
    /// With less than this share of endpoints in, health is ignored.
    pub panic_below: f64,
    /// How long peak EWMA remembers.
    #[serde(with = "human::required")]
    pub remember: Duration,
    /// What a failure counts as when nothing is known of an endpoint's latency.
    #[serde(with = "human::required")]
    pub failure_counts_as: Duration,
    /// With `hash`: an endpoint takes at most this times its fair share of the calls in flight, and
    /// further calls go to the key's next endpoint; nothing: however many there are.
    #[serde(with = "crate::or_off")]
    pub hash_load_max: Option<f64>,
    /// When an endpoint is taken out of the rotation.
    pub outlier: OutlierOptions,
}

/// How an endpoint is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One after the other.
    RoundRobin,
    /// One after the other, by weight, evenly mixed.
    Weighted,
    /// The one with the fewest calls in flight for its weight.
    LeastRequests,
    /// The better of two by latency, calls in flight and failures.
    #[default]
    PeakEwma,
    /// Always the same for the same key, by rendezvous hashing: when an endpoint comes or goes, only
    /// its own keys move. The key may be the caller's address, a session, or what is asked for.
    Hash,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its name, by which it is known again when the options change.
    pub name: String,
    /// Its share of calls, against the others'.
    #[serde(default = "one")]
    pub weight: u32,
    /// Its zone.
    #[serde(default)]
    pub zone: Option<String>,
}

const fn one() -> u32 {
    1
}

impl Endpoint {
    /// An endpoint of weight 1 in no zone.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), weight: 1, zone: None }
    }
}

impl Default for BalancerOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            strategy: Strategy::default(),
            endpoints: Vec::new(),
            zone: None,
            zone_share_min: 0.5,
            slow_start: Duration::from_secs(10),
            panic_below: 0.5,
            remember: Duration::from_secs(10),
            failure_counts_as: Duration::from_secs(1),
            hash_load_max: Some(1.25),
            outlier: OutlierOptions::default(),
        }
    }
}

impl BalancerOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        if self.endpoints.len() > ENDPOINTS_MAX {
            problems.add("endpoints", format!("must be at most {ENDPOINTS_MAX}"));
        }
        let mut names = BTreeSet::new();
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            problems.range(&format!("endpoints.{index}.weight"), endpoint.weight, 1, 10_000);
            if !names.insert(&endpoint.name) {
                let what = format!("is `{}` a second time", endpoint.name);
                problems.add(format!("endpoints.{index}.name"), what);
            }
        }
        problems.share_or_none("zone_share_min", self.zone_share_min);
        problems.share_or_none("panic_below", self.panic_below);
        problems.some_time("remember", self.remember);
        if let Some(load) = self.hash_load_max {
            problems.factor("hash_load_max", load, 1.0);
        }
        if let Err(found) = self.outlier.validate() {
            problems.add_under("outlier", found);
        }
        problems.into_result()
    }
}
