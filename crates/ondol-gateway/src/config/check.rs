//! What TOML cannot see: names that nothing has, patterns that mean nothing, routes that collide.

use http::{HeaderName, Method, StatusCode};

use ondol_resilience::{BalancerOptions, BreakerOptions, BulkheadOptions, RetryOptions};

use super::model::{BackendOptions, Config, OneOrMany, RespondOptions, RouteOptions};
use super::place::{Finding, Source, meant};
use crate::address::Network;
use crate::backend::At;
use crate::route::{Criteria, Pattern};

/// Finds everything that is wrong.
pub(crate) fn check(source: &Source<'_>, config: &Config) -> Vec<Finding> {
    let mut checker = Checker { source, config, findings: Vec::new() };
    checker.trust();
    for (name, listener) in &config.listeners {
        checker.networks(
            &format!("listeners.{name}.proxy_protocol_from"),
            &listener.proxy_protocol_from,
        );
    }
    for (name, backend) in &config.backends {
        checker.backend(name, backend);
    }
    for (name, route) in &config.routes {
        checker.route(name, route);
    }
    checker.conflicts();
    checker.findings
}

struct Checker<'a> {
    source: &'a Source<'a>,
    config: &'a Config,
    findings: Vec<Finding>,
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
            if let Err(error) = endpoint.parse::<At>() {
                self.found(&format!("backends.{name}.endpoints"), format!("`{endpoint}`: {error}"));
            }
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

    fn route(&mut self, name: &str, route: &RouteOptions) {
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
        self.action(name, route);
        if let Some(fallback) = &route.fallback {
            self.named(&key("fallback.to"), fallback.to.as_deref());
            if fallback.to.is_some() == fallback.respond.is_some() {
                self.found(&key("fallback"), "a fallback has either `to` or `respond`");
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
        if self.config.backends.contains_key(backend) {
            return;
        }
        let names = self.config.backends.keys().map(String::as_str);
        let hint = meant(backend, names).map(|name| format!("; did you mean `{name}`?"));
        self.found(key, format!("there is no backend `{backend}`{}", hint.unwrap_or_default()));
    }

    fn conflicts(&mut self) {
        let mut criteria: Vec<(&String, Criteria)> = Vec::new();
        for (name, route) in &self.config.routes {
            if let Ok(read) = Criteria::read(route) {
                criteria.push((name, read));
            }
        }
        criteria.sort_by_key(|(_, one)| one.place());
        let mut findings = Vec::new();
        for group in criteria.chunk_by(|(_, one), (_, other)| one.place() == other.place()) {
            for (index, (name, one)) in group.iter().enumerate() {
                for (other_name, other) in &group[index + 1..] {
                    if one.collides(other) {
                        findings.push((
                            format!("routes.{other_name}"),
                            format!(
                                "routes `{name}` and `{other_name}` match the same requests; \
                             give one of them a `priority`"
                            ),
                        ));
                    }
                }
            }
        }
        for (key, message) in findings {
            self.found(&key, message);
        }
    }
}
