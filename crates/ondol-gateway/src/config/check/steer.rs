//! What is wrong with how a route is steered.

use std::time::Duration;

use super::Checker;
use crate::config::CanaryOptions;
use crate::config::model::RouteOptions;

impl Checker<'_> {
    /// What is wrong with its canary or its two colours.
    pub(super) fn steered(&mut self, name: &str, route: &RouteOptions) {
        if let Some(canary) = &route.canary {
            self.canary(&format!("routes.{name}.canary"), canary);
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
