//! A service and what it answers over HTTP.

use std::fmt;

use ondol_runtime::{NotPart, Running, Service};
use utoipa_axum::router::OpenApiRouter;

/// Makes the routes of a service that runs. Every route describes itself, so that the API's
/// description cannot say anything else than the code does.
pub type Routes = fn(&Running) -> Result<OpenApiRouter, NotPart>;

/// A service and what it answers over HTTP.
pub struct Hosted {
    pub(crate) service: Service,
    pub(crate) routes: Option<Routes>,
}

/// Gives a service routes.
pub trait Http {
    /// The same, answering over HTTP. Every route that changes something takes an
    /// `Idempotency-Key`, and is answered once and for all.
    fn http(self, routes: Routes) -> Hosted;
}

impl Http for Service {
    fn http(self, routes: Routes) -> Hosted {
        Hosted { service: self, routes: Some(routes) }
    }
}

impl Hosted {
    /// The service.
    pub const fn service(&self) -> &Service {
        &self.service
    }
}

impl From<Service> for Hosted {
    fn from(service: Service) -> Self {
        Self { service, routes: None }
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("service", &self.service).finish_non_exhaustive()
    }
}
