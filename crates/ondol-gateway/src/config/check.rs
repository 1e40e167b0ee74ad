//! What TOML cannot see: names that nothing has, patterns that mean nothing, routes that collide.

mod answers;
mod audit;
mod control;
mod guard;
mod rate;
mod route;
mod steer;
mod who;

use ondol_resilience::{BalancerOptions, BreakerOptions, BulkheadOptions, RetryOptions, Strategy};

use super::alike::collisions;
use super::backend::{BackendOptions, DiscoverOptions};
use super::model::Config;
use super::place::{Finding, Source, meant};
use crate::address::Network;
use crate::backend::At;

/// Finds everything that is wrong.
pub(crate) fn check(source: &Source<'_>, config: &Config) -> Vec<Finding> {
    let mut checker = Checker::new(source, config);
    checker.trust();
    checker.control();
    for (name, listener) in &config.listeners {
        checker.networks(
            &format!("listeners.{name}.proxy_protocol_from"),
            &listener.proxy_protocol_from,
        );
    }
    for (name, region) in &config.regions {
        checker.networks(&format!("regions.{name}.networks"), &region.networks);
    }
    checker.shared_limits();
    for (name, backend) in &config.backends {
        checker.backend(name, backend);
    }
    checker.who();
    for (name, route) in &config.routes {
        checker.route(name, route);
    }
    checker.audits();
    checker.conflicts();
    checker.into_findings()
}

/// Looks for what is wrong.
pub(super) struct Checker<'a> {
    source: &'a Source<'a>,
    config: &'a Config,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(source: &'a Source<'a>, config: &'a Config) -> Self {
        Self { source, config, findings: Vec::new() }
    }

    /// What has been found.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

impl Checker<'_> {
    fn found(&mut self, key: &str, message: impl Into<String>) {
        self.findings.push(self.source.at_key(key, message));
    }

    fn trust(&mut self) {
        self.networks("trust.proxies", &self.config.trust.proxies);
    }

    fn networks(&mut self, key: &str, networks: &[String]) {
        for network in networks {
            if network.parse::<Network>().is_err() {
                self.found(key, format!("`{network}` is neither an address nor `address/bits`"));
            }
        }
    }

    fn backend(&mut self, name: &str, backend: &BackendOptions) {
        for endpoint in &backend.endpoints {
            let key = format!("backends.{name}.endpoints");
            if let Err(error) = endpoint.at.parse::<At>() {
                self.found(&key, format!("`{}`: {error}", endpoint.at));
            }
            if !(1..=10_000).contains(&endpoint.weight) {
                self.found(&key, format!("`{}`: a weight is between 1 and 10000", endpoint.at));
            }
        }
        if backend.balancer.as_ref().is_some_and(|balancer| !balancer.endpoints.is_empty()) {
            let what = "instances belong to the backend's own `endpoints`";
            self.found(&format!("backends.{name}.balancer.endpoints"), what);
        }
        let strategy = backend.balancer.as_ref().map(|balancer| balancer.strategy);
        if backend.hash_by.is_some() && strategy != Some(Strategy::Hash) {
            let what = "`hash_by` needs `balancer = { strategy = \"hash\" }`";
            self.found(&format!("backends.{name}.hash_by"), what);
        }
        if let Some(DiscoverOptions::Registration(source)) = &backend.discover {
            self.networks(
                &format!("backends.{name}.discover.registration.networks"),
                &source.networks,
            );
        }
        let checked = [
            ("balancer", backend.balancer.as_ref().map(BalancerOptions::validate)),
            ("breaker", backend.breaker.as_ref().map(BreakerOptions::validate)),
            ("bulkhead", backend.bulkhead.as_ref().map(BulkheadOptions::validate)),
            ("retry", backend.retry.as_ref().map(RetryOptions::validate)),
        ];
        for (policy, problems) in checked {
            let Some(Err(problems)) = problems else { continue };
            for problem in problems.list() {
                let at = format!("backends.{name}.{policy}.{}", problem.at);
                self.found(
                    at.trim_end_matches('.'),
                    format!("{policy}: {} {}", problem.at, problem.what),
                );
            }
        }
    }

    fn named(&mut self, key: &str, backend: Option<&str>) {
        let Some(backend) = backend else { return };
        let backends = &self.config.backends;
        self.known(key, "backend", backend, backends.keys().map(String::as_str));
    }

    fn known<'b>(
        &mut self,
        key: &str,
        what: &str,
        name: &str,
        names: impl Iterator<Item = &'b str> + Clone,
    ) {
        if names.clone().any(|known| known == name) {
            return;
        }
        let hint = meant(name, names).map(|name| format!("; did you mean `{name}`?"));
        self.found(key, format!("there is no {what} `{name}`{}", hint.unwrap_or_default()));
    }

    /// Routes that match the same requests.
    fn conflicts(&mut self) {
        for (one, other) in collisions(&self.config.routes) {
            let what = format!(
                "routes `{one}` and `{other}` match the same requests; give one of them a `priority`"
            );
            self.found(&format!("routes.{other}"), what);
        }
    }
}
