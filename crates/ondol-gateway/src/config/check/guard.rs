//! What is wrong with what a route asks of requests and says to browsers.

use http::{HeaderName, HeaderValue};

use super::Checker;
use crate::config::guard::{AcceptOptions, SecurityOptions, ValidateOptions};
use crate::config::model::RouteOptions;
use crate::policy::{Pattern, check_file};

impl Checker<'_> {
    /// What it asks of requests and says to browsers.
    pub(in crate::config) fn guards(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        if let Some(accept) = &route.accept {
            self.accept(&key("accept"), accept);
        }
        if let Some(security) = &route.security {
            self.security(&key("security"), security);
        }
        if let Some(validate) = &route.validate {
            self.validate(&key("validate"), validate);
        }
    }

    fn accept(&mut self, key: &str, accept: &AcceptOptions) {
        for media in accept.content_types.iter().filter(|text| Pattern::read(text).is_none()) {
            let what = "a media type is like `application/json`, `image/*` or `*+json`";
            self.found(&format!("{key}.content_types"), format!("`{media}`: {what}"));
        }
        let AcceptOptions { query_bytes_max, parameters_max, headers_max, .. } = *accept;
        let sizes = [query_bytes_max, parameters_max, headers_max, accept.header_bytes_max];
        if accept.content_types.is_empty() && sizes.iter().all(Option::is_none) {
            self.found(key, "it accepts everything");
        }
        if headers_max == Some(0) || accept.header_bytes_max == Some(0) {
            self.found(key, "every request has a header: `Host`");
        }
    }

    fn security(&mut self, key: &str, security: &SecurityOptions) {
        let SecurityOptions { frame_ancestors, referrer_policy, headers, .. } = security;
        for value in [frame_ancestors, referrer_policy].into_iter().chain(headers.values()) {
            if HeaderValue::from_str(value).is_err() {
                self.found(key, format!("`{value}` cannot stand in a header"));
            }
        }
        if frame_ancestors.contains(';') {
            self.found(key, "`frame_ancestors` says nothing of other things: no `;`");
        }
        for header in headers.keys() {
            if HeaderName::from_bytes(header.as_bytes()).is_err() {
                self.found(key, format!("`{header}` is not a header's name"));
            }
        }
        let says = security.nosniff || !headers.is_empty() || !security.hsts.is_zero();
        if !says && frame_ancestors.is_empty() && referrer_policy.is_empty() {
            self.found(key, "it says nothing");
        }
    }

    fn validate(&mut self, key: &str, validate: &ValidateOptions) {
        if validate.body_bytes_max == 0 {
            self.found(key, "`body_bytes_max` is at least 1");
        }
        if validate.base.as_ref().is_some_and(|base| !base.starts_with('/')) {
            self.found(key, "`base` begins with `/`");
        }
        for wrong in
            check_file(&validate.openapi, validate.base.as_deref()).err().unwrap_or_default()
        {
            self.found(&format!("{key}.openapi"), wrong);
        }
    }
}
