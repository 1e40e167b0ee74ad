//! What is wrong with what is written down and with alarms.

use std::path::Path as FilePath;

use http::HeaderName;

use super::Checker;
use crate::alert::{Field, is_number};
use crate::audit::Path;
use crate::config::{AlertOptions, AuditOptions, ConditionOptions, OneOrMany, meant};

/// Times that an alarm may wait for.
const COUNT_MAX: usize = 10_000;

impl Checker<'_> {
    /// What is wrong with audit logs and alarms.
    pub(super) fn audits(&mut self) {
        let config = self.config;
        let mut files: Vec<&FilePath> = Vec::new();
        for (name, audit) in &config.audits {
            self.audit(&format!("audits.{name}"), audit);
            if files.contains(&audit.file.as_path()) {
                let what = "two audit logs cannot share a file";
                self.found(&format!("audits.{name}.file"), what);
            }
            files.push(&audit.file);
        }
        for (name, alert) in &config.alerts {
            self.alert(&format!("alerts.{name}"), alert);
        }
    }

    fn audit(&mut self, key: &str, audit: &AuditOptions) {
        for field in audit.mask.fields.iter().filter(|field| Path::read(field).is_none()) {
            let what = "a place is like `$.card.number`, `$.items[*].name` or `$..phone`";
            self.found(&format!("{key}.mask.fields"), format!("`{field}`: {what}"));
        }
        let is_name = |name: &&String| HeaderName::from_bytes(name.as_bytes()).is_err();
        for header in audit.mask.headers.iter().filter(is_name) {
            let what = format!("`{header}` is not a header's name");
            self.found(&format!("{key}.mask.headers"), what);
        }
        for (field, value) in [
            ("waiting_max", audit.waiting_max),
            ("files_max", audit.files_max),
            ("file_bytes_max", usize::from(audit.file_bytes_max > 0)),
        ] {
            if value == 0 {
                self.found(&format!("{key}.{field}"), "there is room for nothing");
            }
        }
        let to = key.trim_start_matches("audits.");
        let routes = self.config.routes.values();
        if !routes.filter_map(|route| route.audit.as_ref()).any(|audit| audit.to == to) {
            self.found(key, "no route is written down in it (`audit = { to = … }` of a route)");
        }
    }

    fn alert(&mut self, key: &str, alert: &AlertOptions) {
        for route in alert.route.iter().flat_map(OneOrMany::as_slice) {
            let routes = self.config.routes.keys().map(String::as_str);
            self.known(&format!("{key}.route"), "route", route, routes);
            let known = self.config.routes.get(route);
            if known.is_some_and(|route| route.audit.is_none()) {
                let what =
                    format!("route `{route}` is not written down, so nothing is known of it");
                self.found(&format!("{key}.route"), what);
            }
        }
        if !self.config.routes.values().any(|route| route.audit.is_some()) {
            self.found(key, "no route is written down, so it is never raised");
        }
        if !(1..=COUNT_MAX).contains(&alert.count) {
            self.found(&format!("{key}.count"), format!("it is between 1 and {COUNT_MAX}"));
        }
        if alert.count > 1 && alert.within.is_zero() {
            self.found(&format!("{key}.within"), "nothing happens several times in no time");
        }
        for condition in &alert.when {
            self.condition(&format!("{key}.when"), condition);
        }
        if let Some(by) = &alert.by {
            self.field(&format!("{key}.by"), by);
        }
        if let Some(webhook) = &alert.webhook {
            self.named(&format!("{key}.webhook.to"), Some(&webhook.to));
            if !webhook.path.starts_with('/') {
                self.found(&format!("{key}.webhook.path"), "a path begins with `/`");
            }
        }
    }

    fn field(&mut self, key: &str, field: &str) {
        if Field::read(field).is_none() {
            let hint = meant(field, Field::WORDS).map(|word| format!("; did you mean `{word}`?"));
            let what = "it is no field, such as `status`, `request:/amount` or `header:x-name`";
            self.found(key, format!("`{field}`: {what}{}", hint.unwrap_or_default()));
        }
    }

    fn condition(&mut self, key: &str, condition: &ConditionOptions) {
        self.field(key, &condition.field);
        let limits = [&condition.above, &condition.below];
        for limit in limits.into_iter().flatten().filter(|limit| !is_number(limit)) {
            self.found(key, format!("`{limit}` is not a number"));
        }
        if condition.above.is_none() && condition.below.is_none() && condition.is.is_none() {
            let what = format!("`{}` is held against nothing", condition.field);
            self.found(key, format!("{what}: it needs `above`, `below` or `is`"));
        }
    }
}
