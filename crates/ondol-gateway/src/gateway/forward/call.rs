//! A request of the gateway's own to a backend, past the same guards as everybody's.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Attempt, Core};
use crate::backend::Backend;
use crate::body::Body;
use crate::canonical::clean_answer;
use crate::gateway::Record;
use crate::handle::Ask;
use crate::http1::Waits;
use crate::meter::RouteMeter;
use crate::problem::Problem;

/// What is asked.
pub(crate) struct Call<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) target: &'a str,
    pub(crate) body: Bytes,
    pub(crate) within: Duration,
    pub(crate) meter: &'a RouteMeter,
    /// Whose connections to use.
    pub(crate) worker: usize,
    /// For balancers that go by who asks.
    pub(crate) key: u64,
}

impl Core {
    /// Asks a backend.
    pub(crate) async fn call(
        &self,
        backend: &Backend,
        call: Call<'_>,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let Call { ask, target, body, within, meter, worker, key } = call;
        let waits = Waits { answer: within, idle: within, tunnel_idle: within };
        let attempt = Attempt {
            core: self,
            waits,
            meter,
            worker,
            upgrade: false,
            trailers: false,
            ask,
            target,
            key,
        };
        let mut response = attempt.through(backend, Body::full(body), record).await?;
        clean_answer(response.headers_mut());
        Ok(response)
    }
}
