//! What a route does, and what is steered of it: which of its two backends a request goes to.

use std::sync::Arc;

use super::{Action, Backends, Route, Snapshot, Split};
use crate::aggregate::Aggregate;
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

/// What a route does.
pub(super) fn build_action(
    name: &str,
    options: &RouteOptions,
    backends: &Backends,
    steering: &Steering,
) -> Option<Action> {
    if let Some(redirect) = &options.redirect {
        return Some(Action::Redirect(redirect.clone()));
    }
    if let Some(respond) = &options.respond {
        return Some(Action::Respond(respond.clone()));
    }
    if let Some(split) = build_steered(name, options, backends, steering) {
        return Some(Action::Forward(split));
    }
    if let Some(aggregate) = &options.aggregate {
        return Aggregate::new(aggregate, backends).map(Action::Aggregate);
    }
    let shares: Vec<(&String, u64)> = match &options.to {
        Some(to) => vec![(to, 1)],
        None => options.split.iter().map(|(name, share)| (name, u64::from(*share))).collect(),
    };
    let sticky = options.sticky.clone();
    let mut split = Split { backends: Vec::new(), total: 0, sticky, steered: None };
    for (name, share) in shares.into_iter().filter(|(_, share)| *share > 0) {
        split.total += share;
        split.backends.push((Arc::clone(backends.get(name)?), share));
    }
    (split.total > 0).then_some(Action::Forward(split))
}

/// Two backends, and what decides between them.
fn build_steered(
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
