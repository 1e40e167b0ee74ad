//! What protects a backend, and us from it: the policies of the resilience crate, by name.
//!
//! They belong to the backend, not to a route, and live on when the configuration changes: a breaker
//! that is open stays open through a reload.

use ondol_resilience::{
    Balancer, BalancerOptions, Breaker, Bulkhead, Doors, Endpoint, Problems, Retry,
};

use crate::config::BackendOptions;

/// The policies of a backend.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    pub(crate) retry: Option<Retry>,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) bulkhead: Option<Bulkhead>,
    /// Only where there is something to choose, or may be.
    pub(crate) balancer: Option<Balancer>,
}

macro_rules! carry_on {
    ($kind:ident, $name:expr, $options:expr, $before:expr, $doors:expr) => {
        match ($options, $before) {
            (None, _) => None,
            (Some(options), Some(before)) => {
                if *before.options() != options {
                    before.change(options)?;
                }
                Some(before.clone())
            }
            (Some(options), None) => Some($kind::with($name, options, $doors)?),
        }
    };
}

impl Guards {
    pub(super) fn new(
        name: &str,
        options: &BackendOptions,
        peers: &[Endpoint],
        several: bool,
        before: Option<&Self>,
        doors: &Doors,
    ) -> Result<Self, Problems> {
        let changes = options.discover.is_some() || options.health.is_some();
        let balancer = (changes || several).then(|| balancing(options, peers));
        let none = Self::default();
        let Self { retry, breaker, bulkhead, balancer: one } = before.unwrap_or(&none);
        Ok(Self {
            retry: carry_on!(Retry, name, options.retry.clone(), retry.as_ref(), doors),
            breaker: carry_on!(Breaker, name, options.breaker.clone(), breaker.as_ref(), doors),
            bulkhead: carry_on!(Bulkhead, name, options.bulkhead.clone(), bulkhead.as_ref(), doors),
            balancer: carry_on!(Balancer, name, balancer, one.as_ref(), doors),
        })
    }

    /// Chooses among these from now on.
    pub(super) fn rebalance(
        &self,
        options: &BackendOptions,
        peers: &[Endpoint],
    ) -> Result<(), Problems> {
        match &self.balancer {
            Some(balancer) => balancer.change(balancing(options, peers)),
            None => Ok(()),
        }
    }
}

fn balancing(options: &BackendOptions, peers: &[Endpoint]) -> BalancerOptions {
    BalancerOptions { endpoints: peers.to_vec(), ..options.balancer.clone().unwrap_or_default() }
}
