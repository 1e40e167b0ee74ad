//! Requests of routes that are steered: copied to a mirror, counted for a canary.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::choose::Chosen;
use super::{Core, Exchange, Record, forward};
use crate::body::Body;
use crate::mirror::{Copying, Job};
use crate::problem::Problem;
use crate::snapshot::Route;

impl Core {
    /// Begins to copy a request whose route is mirrored.
    pub(super) fn copy(&self, route: &Route, exchange: &mut Exchange) -> Option<Copying> {
        let mirroring = route.mirror.as_ref()?;
        exchange.ask.headers.remove(&mirroring.mark);
        if exchange.upgrade {
            return None;
        }
        let (target, peer) = (forward::rewrite(exchange).into_owned(), Arc::clone(&exchange.peer));
        let job = |ask| Job {
            ask,
            target,
            peer,
            waits: route.waits,
            body: Bytes::new(),
            answer: Default::default(),
        };
        mirroring.begin(&exchange.ask, &mut exchange.body, job, &*self.rng)
    }

    /// Sends a request to what was chosen, and counts what becomes of it where that is judged.
    pub(super) async fn send_judged(
        &self,
        chosen: &Chosen<'_>,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        let Some((canary, side)) = chosen.judged else {
            return self.send(chosen.backend, exchange, record).await;
        };
        let began = self.clock.running();
        let outcome = self.send(chosen.backend, exchange, record).await;
        canary.note(side, self.clock.running().saturating_sub(began), outcome)
    }
}
