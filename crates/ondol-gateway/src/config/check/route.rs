//! What is wrong with a route by itself: what means nothing, what leads nowhere, and what would be
//! taken without a word and never do anything.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::Checker;
use crate::canonical::Host;
use crate::config::from::FromOptions;
use crate::config::meant;
use crate::config::{
    FallbackOptions, FaultOptions, OneOrMany, RespondOptions, RouteOptions, VersionOptions,
};
use crate::cors::Listed;
use crate::route::Pattern;

impl Checker<'_> {
    /// What is wrong with a route by itself.
    pub(in crate::config) fn route(&mut self, name: &str, route: &RouteOptions) {
        self.asked(name, route);
        self.action(name, route);
        self.target(name, route);
        self.steered(name, route);
        let key = |field: &str| format!("routes.{name}.{field}");
        for origin in route.cors.iter().flat_map(|cors| &cors.origins) {
            if Listed::read(origin).is_none() {
                let what = "an origin is `https://host`, `https://host:port` or `https://*.host`";
                self.found(&key("cors.origins"), format!("`{origin}`: {what}"));
            }
        }
        for (field, wait) in [("timeout", route.timeout), ("idle", route.idle)] {
            if wait == Some(Duration::ZERO) {
                self.found(&key(field), "nothing is done in no time");
            }
        }
        if let Some(fallback) = &route.fallback {
            self.fallback(name, fallback);
        }
        if let Some(fault) = &route.fault {
            self.fault(&key("fault"), fault);
        }
        if let Some(from) = &route.from {
            self.from(&key("from"), from);
        }
        if let Some(auth) = &route.auth {
            self.auth(name, route, auth);
        }
        if let Some(authorize) = &route.authorize {
            self.authorize(name, route, authorize);
        }
        self.limits(name, route);
        self.answers(name, route);
        self.guards(name, route);
        if let Some(version) = &route.version {
            self.version(&key("version"), version);
        }
    }

    /// From where it may be called.
    fn from(&mut self, key: &str, from: &FromOptions) {
        if from.allow.is_empty() && from.deny.is_empty() {
            self.found(key, "it needs networks to `allow` or to `deny`");
        }
        self.networks(&format!("{key}.allow"), &from.allow);
        self.networks(&format!("{key}.deny"), &from.deny);
    }

    /// What it asks of a request.
    fn asked(&mut self, name: &str, route: &RouteOptions) {
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
        let hosts = || route.host.iter().flat_map(OneOrMany::as_slice);
        for host in hosts().filter(|host| !is_host(host.strip_prefix("*.").unwrap_or(host))) {
            let what = "a host is a name, without scheme, port or path, or `*.` and a name";
            self.found(&key("host"), format!("`{host}`: {what}"));
        }
        let (below, exact): (Vec<_>, Vec<_>) = hosts().partition(|host| host.starts_with('*'));
        if !below.is_empty() && !exact.is_empty() {
            self.found(&key("host"), "a route has either exact hosts or `*.` hosts, not both");
        }
        if let Some(region) = &route.region {
            let regions = &self.config.regions;
            self.known(&key("region"), "region", region, regions.keys().map(String::as_str));
        }
    }

    /// What it does.
    fn action(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        let actions = [
            route.to.is_some(),
            !route.split.is_empty(),
            route.canary.is_some(),
            route.blue_green.is_some(),
            route.redirect.is_some(),
            route.respond.is_some(),
            route.aggregate.is_some(),
        ];
        if actions.iter().filter(|action| **action).count() != 1 {
            self.found(
                &format!("routes.{name}"),
                format!(
                    "route `{name}` needs exactly one of `to`, `split`, `canary`, `blue_green`, \
                     `redirect`, `respond`, `aggregate`"
                ),
            );
        }
        self.named(&key("to"), route.to.as_deref());
        for backend in route.split.keys() {
            self.named(&key("split"), Some(backend));
        }
        if !route.split.is_empty() && route.split.values().all(|share| *share == 0) {
            self.found(&key("split"), "every share is 0");
        }
        if let Some(sticky) = &route.sticky {
            if sticky.header.is_none() && sticky.cookie.is_none() && !sticky.address {
                self.found(&key("sticky"), "it needs a `header`, a `cookie` or `address = true`");
            }
            if route.split.is_empty() && route.canary.is_none() {
                self.found(&key("sticky"), "only a `split` has sides to stay on, or a `canary`");
            }
        }
        if let Some(redirect) = &route.redirect {
            if !matches!(redirect.status, 301 | 302 | 303 | 307 | 308) {
                self.found(&key("redirect"), format!("{} does not redirect", redirect.status));
            }
            if redirect.to.is_empty() || HeaderValue::from_str(&redirect.to).is_err() {
                self.found(&key("redirect"), "there is no place to go to");
            }
            self.filled(&key("redirect"), &redirect.to, route, &["host", "path", "query"]);
        }
        self.respond(&key("respond"), route.respond.as_ref());
    }

    /// What its backend is asked for.
    fn target(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        for (field, path) in [("strip_prefix", &route.strip_prefix), ("rewrite", &route.rewrite)] {
            if let Some(path) = path.as_ref().filter(|path| !path.starts_with('/')) {
                self.found(&key(field), format!("`{path}`: a path begins with `/`"));
            }
        }
        if let Some(rewrite) = &route.rewrite {
            self.filled(&key("rewrite"), rewrite, route, &[]);
        }
        if let Some(host) = &route.rewrite_host {
            let value = HeaderValue::from_str(host).ok();
            if value.is_none_or(|value| Host::read(&value).is_err()) {
                self.found(&key("rewrite_host"), format!("`{host}` is not a host"));
            }
        }
    }

    /// Whether all that is to be filled in is there.
    pub(super) fn filled(
        &mut self,
        key: &str,
        template: &str,
        route: &RouteOptions,
        more: &[&str],
    ) {
        let pattern = match route.path.as_deref().map(Pattern::read) {
            None => Pattern::Any,
            Some(Ok(pattern)) => pattern,
            // That has been said.
            Some(Err(_)) => return,
        };
        let names: Vec<&str> = pattern.names().into_iter().chain(more.iter().copied()).collect();
        let wanted = template.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
        for wanted in wanted.filter(|wanted| !names.contains(wanted)) {
            let hint = meant(wanted, names.iter().copied());
            let hint = hint.map(|name| format!("; did you mean `{{{name}}}`?"));
            let hint = hint.unwrap_or_default();
            self.found(key, format!("nothing is called `{{{wanted}}}` here{hint}"));
        }
    }

    fn fallback(&mut self, name: &str, fallback: &FallbackOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        self.named(&key("fallback.to"), fallback.to.as_deref());
        let (to, respond) = (fallback.to.is_some(), fallback.respond.is_some());
        if (to && respond) || !(to || respond || fallback.kept.is_some()) {
            let what = "a fallback has `to` or `respond`, or `kept`, or `kept` before one of them";
            self.found(&key("fallback"), what);
        }
        if fallback.on.is_empty() {
            self.found(&key("fallback"), "a fallback says `on` which statuses it is for");
        }
        for status in fallback.on.iter().filter(|status| !is_final(**status)) {
            self.found(&key("fallback.on"), format!("{status} is not a final status"));
        }
        self.respond(&key("fallback.respond"), fallback.respond.as_ref());
    }

    fn fault(&mut self, key: &str, fault: &FaultOptions) {
        let percent = 0.0..=100.0;
        if !percent.contains(&fault.delay_percent) || !percent.contains(&fault.abort_percent) {
            self.found(key, "a share is between 0 and 100 percent");
        }
        match fault.abort_status {
            None if fault.abort_percent > 0.0 => self.found(key, "it needs an `abort_status`"),
            Some(status) if !is_final(status) => {
                self.found(key, format!("{status} is not a final status"));
            }
            _ => {}
        }
    }

    fn version(&mut self, key: &str, version: &VersionOptions) {
        if version.name.is_empty() {
            self.found(key, "a version has a `name`");
        }
        if let Some(sunset) = version.sunset.as_ref().filter(|sunset| !is_http_date(sunset)) {
            let what = "an HTTP date is like `Sun, 06 Nov 1994 08:49:37 GMT`";
            self.found(&format!("{key}.sunset"), format!("`{sunset}`: {what}"));
        }
    }

    fn respond(&mut self, key: &str, respond: Option<&RespondOptions>) {
        let Some(respond) = respond else { return };
        if !is_final(respond.status) {
            self.found(key, format!("{} is not a final status", respond.status));
        }
        let content_type = respond.content_type.as_deref().map(HeaderValue::from_str);
        if matches!(content_type, Some(Err(_))) {
            self.found(key, "its `content_type` cannot stand in a header");
        }
    }
}

fn is_final(status: u16) -> bool {
    status >= 200 && StatusCode::from_u16(status).is_ok()
}

/// Whether a request's host can be this: a name or an address, and no port.
fn is_host(host: &str) -> bool {
    let value = HeaderValue::from_str(host).ok();
    let host_read = value.and_then(|value| Host::read(&value).ok());
    host_read.is_some_and(|read| read.name().len() == host.len())
}

fn is_http_date(text: &str) -> bool {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    text.ends_with(" GMT") && parser.parse_timestamp(text).is_ok()
}
