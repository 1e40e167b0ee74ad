//! The services behind the gateway, and their instances.
//!
//! What is learnt about an instance (its connections, how many requests it has under way) belongs to
//! the backend and not to a route, and lives on when the configuration changes around it.

mod endpoint;
mod guards;
mod origin;

use std::sync::Arc;

use ondol_doors::Clock;
use ondol_resilience::{Doors, Problems};

use crate::config::BackendOptions;
use crate::inside::Services;

pub(crate) use endpoint::Endpoint;
pub(crate) use guards::Guards;
pub(crate) use origin::At;

/// A service behind the gateway.
pub(crate) struct Backend {
    pub(crate) name: Arc<str>,
    pub(crate) options: BackendOptions,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) guards: Guards,
}

/// Why a backend cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Its address is wrong.
    #[error("`{0}` is not the address of an instance")]
    Address(String),
    /// This process has no such service.
    #[error("there is no service `{name}` in this process{}", meant_hint(.meant.as_deref()))]
    Service {
        /// The name.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
    /// Its name cannot be resolved now.
    #[error("`{host}` cannot be resolved")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its policies cannot be made.
    #[error("its policies cannot be made")]
    Policies(#[source] Problems),
    /// Its certificates cannot be read.
    #[error("its certificates cannot be used")]
    Tls(#[source] crate::tls::TlsError),
}

fn meant_hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// What instances of backends are made with.
pub(crate) struct Workshop {
    pub(crate) workers: usize,
    pub(crate) services: Services,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) doors: Doors,
}

impl Backend {
    /// A backend with its instances; those of `before` that are still wanted live on.
    pub(crate) fn new(
        name: &str,
        options: &BackendOptions,
        before: Option<&Arc<Self>>,
        workshop: &Workshop,
    ) -> Result<Arc<Self>, BackendError> {
        if let Some(before) = before
            && before.options == *options
        {
            return Ok(Arc::clone(before));
        }
        let mut endpoints: Vec<Arc<Endpoint>> = Vec::with_capacity(options.endpoints.len());
        for endpoint in &options.endpoints {
            for endpoint in Endpoint::resolve(endpoint, options, workshop)? {
                if endpoints.iter().all(|known| known.name != endpoint.name) {
                    let known = before.and_then(|before| before.known(options, &endpoint.name));
                    endpoints.push(known.unwrap_or(endpoint));
                }
            }
        }
        let names: Vec<_> = endpoints.iter().map(|endpoint| Arc::clone(&endpoint.name)).collect();
        let known = before.map(|before| &before.guards);
        let guards = Guards::new(name, options, &names, known, &workshop.doors)
            .map_err(BackendError::Policies)?;
        Ok(Arc::new(Self { name: name.into(), options: options.clone(), endpoints, guards }))
    }

    /// An instance that lives on, because it is reached as it was.
    fn known(&self, options: &BackendOptions, name: &str) -> Option<Arc<Endpoint>> {
        if !self.options.reaches_as(options) {
            return None;
        }
        self.named(name).map(Arc::clone)
    }

    /// The instance with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| *endpoint.name == *name)
    }
}
