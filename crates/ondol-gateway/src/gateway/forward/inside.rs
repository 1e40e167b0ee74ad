//! One try at a service of this process.

use std::sync::Arc;

use http::{Request, Response};
use ondol_resilience::Verdict;

use super::{Attempt, Failed, of_body};
use crate::body::Body;
use crate::inside::{CallError, Inside, InsideBody, Witness};
use crate::patience::Patience;
use crate::pool::Home;
use crate::problem::Problem;

impl Attempt<'_> {
    pub(super) async fn inside(
        &self,
        service: &Inside,
        home: Home,
        body: Body,
    ) -> Result<Response<Body>, Failed> {
        let witness = Witness::default();
        let request = self.inside_request(witness.watch(body))?;
        let waits = self.waits;
        let called = tokio::select! {
            called = service.call(request) => called,
            () = home.clock().sleep(waits.answer) => {
                let problem = Problem::UpstreamTimedOut;
                return Err(Failed { problem, verdict: Verdict::failure() });
            }
        };
        if let Some(error) = witness.seen() {
            return Err(Failed::of_client(of_body(error)));
        }
        let response = called.map_err(|error| inside_failed(&error))?;
        let patience = Patience::new(Arc::clone(home.clock()));
        Ok(response.map(|body| match body.whole() {
            Some(whole) => Body::full(whole),
            None => Body::wrap(InsideBody { body, patience, idle: waits.idle, _home: home }),
        }))
    }

    fn inside_request(&self, body: Body) -> Result<Request<Body>, Failed> {
        let wrong = || Failed::of_client(Problem::BadTarget("the target is not an address"));
        let mut request = Request::new(body);
        *request.method_mut() = self.ask.method.clone();
        *request.headers_mut() = self.ask.headers.clone();
        *request.uri_mut() = self.target.parse().map_err(|_error| wrong())?;
        Ok(request)
    }
}

fn inside_failed(error: &CallError) -> Failed {
    let problem = Problem::UpstreamFailed;
    match error {
        CallError::NotRunning => Failed::unsent(problem),
        CallError::Failed(_) | CallError::Lost => {
            tracing::debug!(%error, "a service of this process gave no answer");
            Failed { problem, verdict: Verdict::failure() }
        }
    }
}
