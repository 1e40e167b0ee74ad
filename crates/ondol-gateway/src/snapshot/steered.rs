//! What is steered of a snapshot: which of a route's two backends a request goes to.

use std::sync::Arc;

use super::{Action, Backends, Route, Snapshot, Split};
use crate::config::RouteOptions;
use crate::mirror::Mirroring;
use crate::steer::{Canary, InUse, Steering, Switch};

/// What decides between the two backends of a split, where that is not their shares.
pub(crate) enum Steered {
    /// The first is the baseline, the second the candidate.
    Canary(Arc<Canary>),
    /// The first is blue, the second green.
    Switch(Arc<Switch>),
}

impl Snapshot {
    /// What it steers.
    pub(crate) fn in_use(&self) -> InUse {
        let mut in_use = InUse::default();
        for route in &self.routes {
            if let Some(Mirroring { mirror, .. }) = &route.mirror {
                in_use.mirrors.insert(route.name.to_string(), Arc::clone(mirror));
            }
            match route.steered() {
                Some(Steered::Canary(canary)) => {
                    in_use.canaries.insert(route.name.to_string(), Arc::clone(canary));
                }
                Some(Steered::Switch(switch)) => {
                    in_use.switches.insert(route.name.to_string(), Arc::clone(switch));
                }
                None => {}
            }
        }
        in_use
    }
}

impl Route {
    /// What decides between its two backends, if it is steered.
    pub(crate) fn steered(&self) -> Option<&Steered> {
        match &self.action {
            Action::Forward(split) => split.steered.as_ref(),
            Action::Redirect(_) | Action::Respond(_) | Action::Aggregate(_) => None,
        }
    }
}

/// Two backends, and what decides between them.
pub(super) fn build_steered(
    name: &str,
    options: &RouteOptions,
    backends: &Backends,
    steering: &Steering,
) -> Option<Split> {
    let (one, other, steered) = match (&options.canary, &options.blue_green) {
        (Some(canary), _) => {
            (&canary.from, &canary.to, Steered::Canary(steering.canary(name, canary)))
        }
        (None, Some(two)) => (&two.blue, &two.green, Steered::Switch(steering.switch(name, two))),
        (None, None) => return None,
    };
    let backend = |name: &String| Some((Arc::clone(backends.get(name)?), 1));
    Some(Split {
        backends: vec![backend(one)?, backend(other)?],
        total: 2,
        sticky: options.sticky.clone(),
        steered: Some(steered),
    })
}
