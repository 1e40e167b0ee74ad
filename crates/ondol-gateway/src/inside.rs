//! Services of this very process: an upstream that is a function call.
//!
//! A backend's endpoint `service:NAME` is the tower service that was handed over under that name. It is
//! guarded, balanced, timed and metered like any other endpoint. Its futures run where
//! [`Gateway::run`](crate::Gateway::run) does, not on the gateway's workers, so that a service that
//! computes for long, or that needs the runtime it was made on, does no harm to those who pass by.
//!
//! A change of protocol (WebSocket) is a matter of bytes and not of calls: it goes over a pipe in
//! memory, at whose other end HTTP/1 is spoken with the service.

mod call;
mod pipe;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Request, Response};
use tokio::runtime::Handle;
use tower::Service;

use crate::body::Body;

pub(crate) use call::{CallError, InsideBody, Witness};

use call::{Call, Called, Local};

/// Why a service failed, as it says itself.
pub type ServiceError = Box<dyn std::error::Error + Send + Sync>;

/// Services of this process, by the names that endpoints call them.
#[derive(Clone, Default)]
pub struct Services {
    named: BTreeMap<String, Arc<dyn Call>>,
    /// Where their futures run. Known when the gateway runs.
    home: Arc<OnceLock<Handle>>,
}

impl Services {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more: an endpoint `service:NAME` leads to it.
    #[must_use]
    pub fn with<S, B>(mut self, name: impl Into<String>, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<ServiceError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<ServiceError>,
    {
        self.named.insert(name.into(), Arc::new(Local(service)));
        self
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// The service of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Inside> {
        let call = Arc::clone(self.named.get(name)?);
        Some(Inside { call, home: Arc::clone(&self.home) })
    }

    /// Where their futures run, once the gateway runs.
    pub(crate) fn home(&self) -> Option<&Handle> {
        self.home.get()
    }

    /// From now on their futures run here.
    pub(crate) fn settle(&self, home: Handle) {
        // Who settles twice stays where it is: a gateway runs once.
        drop(self.home.set(home));
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.named.keys()).finish()
    }
}

/// One service of this process.
#[derive(Clone)]
pub(crate) struct Inside {
    call: Arc<dyn Call>,
    home: Arc<OnceLock<Handle>>,
}

impl Inside {
    /// Asks it. Whoever stops waiting stops the service's work on this request.
    pub(crate) async fn call(&self, request: Request<Body>) -> Called {
        let home = self.home.get().ok_or(CallError::NotRunning)?;
        call::run(home, self.call.call(request)).await
    }

    /// A pipe to it, HTTP/1 spoken at its other end.
    pub(crate) fn pipe(&self) -> Option<tokio::io::DuplexStream> {
        self.home.get().map(|home| pipe::open(home, Arc::clone(&self.call)))
    }
}
