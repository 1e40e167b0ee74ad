//! The hand's grip on what is steered: canaries, switches, instances.

use std::sync::Arc;

use super::GatewayHandle;
use crate::config::{Colour, meant};
use crate::snapshot::{Snapshot, Steered};
use crate::steer::{CanaryAct, SteerError};

impl GatewayHandle {
    /// Does something to the canary of a route; `why` stays with its moves.
    ///
    /// # Errors
    /// There is no such canary, or that cannot be done to it.
    pub fn steer_canary(&self, route: &str, act: CanaryAct, why: &str) -> Result<(), SteerError> {
        let snapshot = self.core.snapshot.load_full();
        let canary = match found(&snapshot, route)? {
            Some(Steered::Canary(canary)) => Arc::clone(canary),
            _ => return Err(SteerError::Nothing { name: route.to_owned(), what: "canary" }),
        };
        let options = snapshot.config.routes.get(route).and_then(|route| route.canary.as_ref());
        let options = options
            .ok_or_else(|| SteerError::Nothing { name: route.to_owned(), what: "canary" })?;
        let at_micros = self.clock().now().as_micros();
        self.steering().act(&canary, options, act, at_micros, why)
    }

    /// Lets the other of a route's two backends serve. Requests under way end where they are.
    ///
    /// # Errors
    /// The route has no two colours, or this one serves already.
    pub fn switch_to(&self, route: &str, to: Colour) -> Result<(), SteerError> {
        let snapshot = self.core.snapshot.load_full();
        match found(&snapshot, route)? {
            Some(Steered::Switch(switch)) => self.steering().turn(switch, to),
            _ => Err(SteerError::Nothing { name: route.to_owned(), what: "blue and green" }),
        }
    }

    /// Gives an instance nothing new, or puts it back. Requests under way end where they are.
    ///
    /// # Errors
    /// There is no such instance, it is so already, or it is the last one.
    pub fn drain(&self, backend: &str, endpoint: &str, out: bool) -> Result<(), SteerError> {
        let changing = self.workshop.changing.lock();
        let _changing = changing.expect("nobody panics while changing what runs");
        let snapshot = self.core.snapshot.load_full();
        let names = snapshot.backends.keys().map(String::as_str);
        let running = snapshot.backends.get(backend).ok_or_else(|| SteerError::NoSuchBackend {
            name: backend.to_owned(),
            meant: meant(backend, names).map(str::to_owned),
        })?;
        let (serving, drained) = {
            let endpoints = running.endpoints();
            let is_it = |one: &&Arc<crate::backend::Endpoint>| *one.name == *endpoint;
            let serving = endpoints.list.iter().any(|one| is_it(&one));
            if out && serving && endpoints.list.len() == 1 {
                return Err(SteerError::Last);
            }
            (serving, endpoints.drained.iter().any(|one| is_it(&one)))
        };
        match (out, serving, drained) {
            (_, false, false) => return Err(SteerError::NoSuchEndpoint(endpoint.to_owned())),
            (true, false, true) | (false, true, _) => return Err(SteerError::Already),
            _ => {}
        }
        self.steering().drain(backend, endpoint, out);
        running.refresh(&self.workshop).map_err(|error| {
            self.steering().drain(backend, endpoint, !out);
            SteerError::Backend(error.to_string())
        })
    }
}

fn found<'a>(snapshot: &'a Snapshot, route: &str) -> Result<Option<&'a Steered>, SteerError> {
    match snapshot.route(route) {
        Some(route) => Ok(route.steered()),
        None => {
            let names = snapshot.config.routes.keys().map(String::as_str);
            let meant = meant(route, names).map(str::to_owned);
            Err(SteerError::NoSuchRoute { name: route.to_owned(), meant })
        }
    }
}
