//! What TOML cannot see: names that nothing has, patterns that mean nothing, routes that collide.

use http::{HeaderName, Method, StatusCode};

use ondol_resilience::{BalancerOptions, BreakerOptions, BulkheadOptions, RetryOptions, Strategy};

use super::alike::collisions;
use super::backend::{BackendOptions, DiscoverOptions};
use super::model::{Config, OneOrMany, RespondOptions, RouteOptions};
use super::place::{Finding, Source, meant};
use crate::address::Network;
use crate::backend::At;
use crate::cors::Listed;
use crate::route::Pattern;

/// Finds everything that is wrong.
pub(crate) fn check(source: &Source<'_>, config: &Config) -> Vec<Finding> {
    let mut checker = Checker::new(source, config);
    checker.trust();
    for (name, listener) in &config.listeners {
        checker.networks(
            &format!("listeners.{name}.proxy_protocol_from"),
            &listener.proxy_protocol_from,
        );
    }
    for (name, region) in &config.regions {
        checker.networks(&format!("regions.{name}.networks"), &region.networks);
    }
    for (name, backend) in &config.backends {
        checker.backend(name, backend);
    }
    for (name, route) in &config.routes {
        checker.route(name, route);
    }
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

    /// What is wrong with a route by itself.
    pub(super) fn route(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        if let Some(path) = &route.path
            && let Err(error) = Pattern::read(path)
        {
            self.found(&key("path"), format!("`{path}`: {error}"));
        }
        for method in route.method.iter().flat_map(OneOrMany::as_slice) {
            if Method::from_bytes(method.as_bytes()).is_err() || method.to_uppercase() != *method {
                self.found(&key("method"), format!("`{method}` is not a method"));
            }
        }
        for header in route.headers.keys() {
            if HeaderName::from_bytes(header.as_bytes()).is_err() {
                self.found(&key("headers"), format!("`{header}` is not a header's name"));
            }
        }
        let hosts = route.host.iter().flat_map(OneOrMany::as_slice);
        let (below, exact): (Vec<_>, Vec<_>) = hosts.partition(|host| host.starts_with('*'));
        if !below.is_empty() && !exact.is_empty() {
            self.found(&key("host"), "a route has either exact hosts or `*.` hosts, not both");
        }
        if let Some(region) = &route.region {
            let regions = &self.config.regions;
            self.known(&key("region"), "region", region, regions.keys().map(String::as_str));
        }
        for origin in route.cors.iter().flat_map(|cors| &cors.origins) {
            if Listed::read(origin).is_none() {
                let what = "an origin is `https://host`, `https://host:port` or `https://*.host`";
                self.found(&key("cors.origins"), format!("`{origin}`: {what}"));
            }
        }
        self.action(name, route);
        if let Some(fallback) = &route.fallback {
            self.named(&key("fallback.to"), fallback.to.as_deref());
            let (to, respond) = (fallback.to.is_some(), fallback.respond.is_some());
            if (to && respond) || !(to || respond || fallback.kept.is_some()) {
                let what =
                    "a fallback has `to` or `respond`, or `kept`, or `kept` before one of them";
                self.found(&key("fallback"), what);
            }
            if fallback.on.is_empty() {
                self.found(&key("fallback"), "a fallback says `on` which statuses it is for");
            }
            self.respond(&key("fallback.respond"), fallback.respond.as_ref());
        }
        if let Some(fault) = &route.fault {
            let percent = 0.0..=100.0;
            if !percent.contains(&fault.delay_percent) || !percent.contains(&fault.abort_percent) {
                self.found(&key("fault"), "a share is between 0 and 100 percent");
            }
        }
    }

    fn action(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        let actions = [
            route.to.is_some(),
            !route.split.is_empty(),
            route.redirect.is_some(),
            route.respond.is_some(),
        ];
        if actions.iter().filter(|action| **action).count() != 1 {
            self.found(
                &format!("routes.{name}"),
                format!("route `{name}` needs exactly one of `to`, `split`, `redirect`, `respond`"),
            );
        }
        self.named(&key("to"), route.to.as_deref());
        for backend in route.split.keys() {
            self.named(&key("split"), Some(backend));
        }
        if !route.split.is_empty() && route.split.values().all(|share| *share == 0) {
            self.found(&key("split"), "every share is 0");
        }
        if let Some(redirect) = &route.redirect
            && !matches!(redirect.status, 301 | 302 | 303 | 307 | 308)
        {
            self.found(&key("redirect"), format!("{} does not redirect", redirect.status));
        }
        self.respond(&key("respond"), route.respond.as_ref());
    }

    fn respond(&mut self, key: &str, respond: Option<&RespondOptions>) {
        if let Some(respond) = respond
            && (StatusCode::from_u16(respond.status).is_err() || respond.status < 200)
        {
            self.found(key, format!("{} is not a final status", respond.status));
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
