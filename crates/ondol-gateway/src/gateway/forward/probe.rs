//! Asking an instance whether it is well.

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderValue, StatusCode};

use super::{Attempt, Core};
use crate::backend::Endpoint;
use crate::body::Body;
use crate::handle::Ask;
use crate::http1::Waits;
use crate::meter::RouteMeter;
use crate::problem::Problem;

/// What an instance is asked.
pub(crate) struct Probe {
    pub(crate) path: String,
    pub(crate) host: Option<HeaderValue>,
    pub(crate) timeout: Duration,
    /// Which connections to use: those of no worker.
    pub(crate) shard: usize,
}

impl Core {
    /// Asks it, past all guards.
    pub(crate) async fn probe(
        &self,
        endpoint: &Arc<Endpoint>,
        probe: &Probe,
    ) -> Result<StatusCode, Problem> {
        let host = probe.host.as_ref().unwrap_or(&endpoint.authority).clone();
        let mut ask = Ask::default();
        ask.headers.insert(HOST, host);
        let Probe { path, timeout, shard, .. } = probe;
        let waits = Waits { answer: *timeout, idle: *timeout, tunnel_idle: *timeout };
        let attempt = Attempt {
            core: self,
            waits,
            meter: &RouteMeter::default(),
            worker: *shard,
            upgrade: false,
            trailers: false,
            ask: &ask,
            target: path,
            key: 0,
        };
        let outcome = attempt.at(endpoint, Body::empty(), None).await;
        outcome.map(|response| response.status()).map_err(|failed| failed.problem)
    }
}
