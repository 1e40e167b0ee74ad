//! What is set between services that run in different processes.

use std::collections::BTreeMap;

use ondol_bus_http::Guest;
use serde::{Deserialize, Serialize};

use super::{ConfigProblem, Secret};

/// How services in different processes trust each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BusConfig {
    /// The secret that all services of the house share. Without one, no other process is answered.
    pub secret: Secret,
}

/// What is set of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// Where it answers when it runs in another process: `http://127.0.0.1:8080`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Which services may read its feed; every service of the house, if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<Vec<String>>,
    /// Which services may ask it; every service of the house, if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callers: Option<Vec<String>>,
}

impl BusConfig {
    /// The secret, if there is one that can be used.
    pub(crate) fn usable(&self) -> Option<ondol_bus_http::Secret> {
        ondol_bus_http::Secret::new(self.secret.expose()).ok()
    }
}

impl ServiceConfig {
    pub(crate) fn readers(&self) -> Guest {
        guest(self.readers.as_deref())
    }

    pub(crate) fn callers(&self) -> Guest {
        guest(self.callers.as_deref())
    }
}

fn guest(named: Option<&[String]>) -> Guest {
    named.map_or(Guest::Every, |named| Guest::Only(named.iter().cloned().collect()))
}

/// What is wrong with what is set between services.
pub(super) fn problems(
    bus: &BusConfig,
    services: &BTreeMap<String, ServiceConfig>,
) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    let mut wrong = |place: String, problem: String| {
        problems.push(ConfigProblem { place, problem, suggestion: None });
    };
    let secret = ondol_bus_http::Secret::new(bus.secret.expose());
    let is_needed = services.values().any(|service| service.url.is_some());
    if let Err(error) = secret
        && (is_needed || !bus.secret.is_empty())
    {
        wrong("bus.secret".to_owned(), error.to_string());
    }
    for (name, service) in services {
        let url = service.url.as_deref().unwrap_or("http://");
        if !url.starts_with("http://") {
            let problem = format!("begins with http://, found {url:?}");
            wrong(format!("services.{name:?}.url"), problem);
        }
    }
    problems
}
