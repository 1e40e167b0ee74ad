//! What is wrong with how a route is steered.

use std::time::Duration;

use super::Checker;
use http::HeaderName;

use crate::config::model::RouteOptions;
use crate::config::{CanaryOptions, MirrorOptions};

impl Checker<'_> {
    /// What is wrong with its canary or its two colours.
    pub(super) fn steered(&mut self, name: &str, route: &RouteOptions) {
        if let Some(canary) = &route.canary {
            self.canary(&format!("routes.{name}.canary"), canary);
        }
        if let Some(mirror) = &route.mirror {
            self.mirror(name, route, mirror);
        }
        if let Some(two) = &route.blue_green {
            let key = format!("routes.{name}.blue_green");
            self.named(&format!("{key}.blue"), Some(&two.blue));
            self.named(&format!("{key}.green"), Some(&two.green));
            if two.blue == two.green {
                self.found(&format!("{key}.green"), "`blue` and `green` are the same backend");
            }
        }
    }

    fn mirror(&mut self, name: &str, route: &RouteOptions, mirror: &MirrorOptions) {
        let at = |field: &str| format!("routes.{name}.mirror.{field}");
        self.named(&at("to"), Some(&mirror.to));
        self.named(&at("again"), mirror.again.as_deref());
        if mirror.again.as_deref() == Some(mirror.to.as_str()) {
            self.found(&at("again"), "`again` is a second copy of what serves, not the candidate");
        }
        if route.redirect.is_some() || route.respond.is_some() || route.aggregate.is_some() {
            self.found(&at("to"), "only what is sent to a backend can be copied");
        }
        if !(0.0..=100.0).contains(&mirror.percent) {
            self.found(&at("percent"), "a share is between 0 and 100 percent");
        }
        let limits = [("queue_max", mirror.queue_max), ("at_once_max", mirror.at_once_max)];
        for (field, limit) in limits {
            if !(1..=100_000).contains(&limit) {
                self.found(&at(field), "it is between 1 and 100000");
            }
        }
        let names = mirror.headers.iter().map(|name| ("headers", name));
        for (field, header) in names.chain([("mark", &mirror.mark)]) {
            if HeaderName::from_bytes(header.as_bytes()).is_err() {
                self.found(&at(field), format!("`{header}` is not a header's name"));
            }
        }
        for field in &mirror.ignore {
            let known = ["$", "header:", "status", "body"];
            if !known.iter().any(|begin| field.starts_with(begin)) {
                let what = "a field is `$.path.in[].json`, `header:name`, `status` or `body`";
                self.found(&at("ignore"), format!("`{field}`: {what}"));
            }
        }
        if !mirror.compare && (mirror.again.is_some() || !mirror.ignore.is_empty()) {
            self.found(&at("compare"), "`again` and `ignore` are for what is compared");
        }
    }

    fn canary(&mut self, key: &str, canary: &CanaryOptions) {
        let at = |field: &str| format!("{key}.{field}");
        self.named(&at("from"), Some(&canary.from));
        self.named(&at("to"), Some(&canary.to));
        if canary.from == canary.to {
            self.found(&at("to"), "a candidate is another backend than the baseline");
        }
        let grows = canary.steps.windows(2).all(|two| two[0] < two[1]);
        let begins = canary.steps.first().is_some_and(|first| *first > 0);
        if !grows || !begins || canary.steps.last() != Some(&100) {
            self.found(&at("steps"), "steps are percents that grow, and the last is 100");
        }
        if canary.every < Duration::from_millis(100) {
            self.found(&at("every"), "there is little to judge by in less than 100 ms");
        }
        for (field, number) in [("holds", canary.holds), ("missing_max", canary.missing_max)] {
            if !(1..=1000).contains(&number) {
                self.found(&at(field), "it is between 1 and 1000 intervals");
            }
        }
        if canary.samples_min == 0 {
            self.found(&at("samples_min"), "nothing can be concluded from no answers");
        }
        let shares = [
            ("success_drop_max", canary.success_drop_max),
            ("baseline_success_min", canary.baseline_success_min),
        ];
        for (field, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                self.found(&at(field), "a share is between 0 and 1: 0.01 is one in a hundred");
            }
        }
        if !(1.0..=1000.0).contains(&canary.p99_growth_max) {
            self.found(&at("p99_growth_max"), "it is between 1 and 1000 times the baseline's");
        }
    }
}
