//! What can be set of what stands beside the services, under `settings`: `front`, `outside`, `demo`
//! and `web`.

use std::net::SocketAddr;

use ondol::Settings;
use ondol_kernel::Money;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The gateway in front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Front {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whose tokens it believes.
    pub issuer: String,
    /// For whom these are.
    pub audience: String,
}

/// The outside world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outside {
    /// Where it answers; an address of this machine, for whoever reaches it can change the world.
    pub listen: SocketAddr,
    /// Where the carrier sends its letters.
    pub letters: String,
}

/// What there is at the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Demo {
    /// What is said to whoever has started it.
    pub welcome: String,
    /// What the shop sells.
    pub goods: Vec<Goods>,
}

/// A product of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goods {
    /// What it is called in Korean.
    pub ko: String,
    /// And in English.
    pub en: String,
    /// What kind of thing it is.
    pub category: String,
    /// What it costs.
    pub price: Money,
    /// How many there are.
    pub pieces: u32,
}

/// What is wrong with what was set.
#[derive(Debug, thiserror::Error)]
#[error("settings.{name}: {problem}")]
pub struct OptionsError {
    /// Under which name.
    pub name: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl Default for Front {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            issuer: "http://127.0.0.1:8080".to_owned(),
            audience: "ondol".to_owned(),
        }
    }
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            letters: "http://127.0.0.1:8080/hooks/carrier".to_owned(),
        }
    }
}

/// What is set under a name.
pub(crate) fn read<O: DeserializeOwned>(
    name: &'static str,
    settings: &Settings,
) -> Result<O, OptionsError> {
    let read = O::deserialize(toml::Value::Table(settings.table.clone()));
    read.map_err(|error| OptionsError { name, problem: error.message().to_owned() })
}
