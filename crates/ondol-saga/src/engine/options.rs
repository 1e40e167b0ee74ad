//! How sagas are run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How sagas are run. The defaults suit most services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SagaOptions {
    /// How many sagas are driven at a time. Others wait in the log.
    pub in_flight_max: usize,
    /// How often is looked for sagas that have something to do and that nobody drives.
    pub sweep_every: Duration,
    /// How many of them are looked at each time.
    pub sweep_max: usize,
    /// A saga that has nothing to do for no longer than this is kept at hand.
    pub lingers: Duration,
    /// How often an append is tried again because others have written in between, or the log is
    /// busy.
    pub attempts_max: u32,
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option} is more than nothing, found 0")]
pub struct SagaOptionsProblem {
    /// Which option.
    pub option: &'static str,
}

impl Default for SagaOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 4_096,
            sweep_every: Duration::from_secs(1),
            sweep_max: 10_000,
            lingers: Duration::from_secs(2),
            attempts_max: 20,
        }
    }
}

impl SagaOptions {
    /// Checks the options, all of them.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn validate(&self) -> Result<(), ondol_domain::Problems<SagaOptionsProblem>> {
        let nothing = [
            ("in_flight_max", self.in_flight_max == 0),
            ("sweep_every", self.sweep_every.is_zero()),
            ("sweep_max", self.sweep_max == 0),
            ("attempts_max", self.attempts_max == 0),
        ];
        let found = nothing.into_iter().filter(|(_, is_zero)| *is_zero);
        let found = found.map(|(option, _)| SagaOptionsProblem { option }).collect();
        ondol_domain::Problems::none_in("the options of sagas", found)
    }
}
