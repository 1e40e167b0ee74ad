//! Sending the copy of a request.

use http::Response;
use ondol_resilience::Context;

use super::{Attempt, Core};
use crate::backend::Backend;
use crate::body::Body;
use crate::gateway::Record;
use crate::meter::RouteMeter;
use crate::mirror::Job;
use crate::problem::Problem;

impl Core {
    /// Sends it once, past the backend's guards, over connections of no worker.
    pub(crate) async fn send_copy(
        &self,
        backend: &Backend,
        job: &Job,
        shard: usize,
    ) -> Result<Response<Body>, Problem> {
        let attempt = Attempt {
            core: self,
            waits: job.waits,
            meter: &RouteMeter::default(),
            worker: shard,
            upgrade: false,
            trailers: false,
            ask: &job.ask,
            target: &job.target,
            key: 0,
        };
        let mut record = Record::nameless(self, &job.peer);
        let body = Body::full(job.body.clone());
        let outcome = attempt.once(backend, body, Context::default(), &mut record).await;
        outcome.map_err(|failed| failed.problem)
    }
}
