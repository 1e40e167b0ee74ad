//! What can be set of each service, in `[settings."shop.…"]` of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use ondol::Settings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shop_domain::{Means, Plain, Point};

use crate::rates::RateTable;

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessOptions {
    /// Who issues them.
    pub issuer: String,
    /// For whom they are.
    pub audience: String,
    /// Where the issuer publishes its keys.
    pub jwks: String,
    /// Where this service is reached, as proofs name it.
    pub origin: String,
}

impl Default for AccessOptions {
    fn default() -> Self {
        let here = "http://127.0.0.1:8080";
        Self {
            issuer: here.to_owned(),
            audience: "ondol".to_owned(),
            jwks: format!("{here}/oauth2/jwks"),
            origin: here.to_owned(),
        }
    }
}

/// When somebody outside is asked no more for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerTimes {
    /// After so many failures in a row.
    pub failures: u32,
    /// For so many milliseconds.
    pub open_ms: u64,
    /// How many milliseconds an answer may take.
    pub answer_ms: u64,
}

impl BreakerTimes {
    pub(crate) const fn open(self) -> Duration {
        Duration::from_millis(self.open_ms)
    }

    pub(crate) const fn answer(self) -> Duration {
        Duration::from_millis(self.answer_ms)
    }
}

/// What can be set of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogOptions {
    /// Whose tokens are believed.
    pub access: AccessOptions,
    /// What other currencies cost.
    pub rates: RateTable,
    /// Where the recommendation engine is.
    pub recommendation: String,
    /// When it is asked no more for a while.
    pub breaker: BreakerTimes,
}

impl Default for CatalogOptions {
    fn default() -> Self {
        Self {
            access: AccessOptions::default(),
            rates: RateTable::default(),
            recommendation: "http://127.0.0.1:9090/recommendation".to_owned(),
            breaker: BreakerTimes { failures: 10, open_ms: 15_000, answer_ms: 500 },
        }
    }
}

/// What can be set of the stock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StockOptions {
    /// Whose tokens are believed.
    pub access: AccessOptions,
}

/// What can be set of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderOptions {
    /// Whose tokens are believed.
    pub access: AccessOptions,
    /// What other currencies cost.
    pub rates: RateTable,
    /// Where things can be picked up, as the carrier calls it. Nothing else is taken: whatever people
    /// could write in its place would stand in the log for ever.
    pub points: Vec<Point>,
    /// What can be paid with, as the payment provider calls it; so here.
    pub means: Vec<Means>,
}

impl Default for OrderOptions {
    fn default() -> Self {
        Self {
            access: AccessOptions::default(),
            rates: RateTable::default(),
            points: plain(&["SEOUL-04", "BUSAN-02", "nowhere"]),
            means: plain(&["card-good", "card-declined", "card-empty"]),
        }
    }
}

fn plain(names: &[&str]) -> Vec<Plain> {
    names.iter().filter_map(|name| Plain::new(*name).ok()).collect()
}

/// What can be set of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentOptions {
    /// Whose tokens are believed.
    pub access: AccessOptions,
    /// Where the payment provider is.
    pub provider: String,
    /// When it is asked no more for a while.
    pub breaker: BreakerTimes,
}

impl Default for PaymentOptions {
    fn default() -> Self {
        Self {
            access: AccessOptions::default(),
            provider: "http://127.0.0.1:9090/payment".to_owned(),
            breaker: BreakerTimes { failures: 3, open_ms: 60_000, answer_ms: 5_000 },
        }
    }
}

/// What can be set of shipping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShippingOptions {
    /// Where the carrier is.
    pub carrier: String,
    /// When it is asked no more for a while.
    pub breaker: BreakerTimes,
    /// The file with what the carrier signs its letters with, from the service's own folder; it is
    /// made where there is none, and the carrier is to be given it.
    pub secret_file: PathBuf,
    /// How old a letter may be, in seconds.
    pub letter_seconds_max: u64,
}

impl Default for ShippingOptions {
    fn default() -> Self {
        Self {
            carrier: "http://127.0.0.1:9090/carrier".to_owned(),
            breaker: BreakerTimes { failures: 5, open_ms: 30_000, answer_ms: 5_000 },
            secret_file: PathBuf::from("carrier.secret"),
            letter_seconds_max: 300,
        }
    }
}

/// What is wrong with the settings of a service.
#[derive(Debug, thiserror::Error)]
#[error("settings.{service:?}: {problem}")]
pub struct OptionsError {
    /// Of which service.
    pub service: &'static str,
    /// What is wrong.
    pub problem: String,
}

/// The settings of a service.
pub(crate) fn read<O: DeserializeOwned>(
    service: &'static str,
    settings: &Settings,
) -> Result<O, OptionsError> {
    let read = O::deserialize(toml::Value::Table(settings.table.clone()));
    read.map_err(|error| OptionsError { service, problem: error.message().to_owned() })
}
