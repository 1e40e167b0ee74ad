//! What is wrong with limits: what cannot be read, what nothing has, and what would change nothing.

use std::time::Duration;

use super::Checker;
use crate::config::model::RouteOptions;
use crate::config::rate::{RateOptions, RedisOptions};
use crate::config::short::Short;
use crate::policy::{AtOnce, Limit, Place};

/// Keys of a limit, at most.
const KEYS_MAX: u32 = 10_000_000;
/// Gateways that share a Redis, at most.
const GATEWAYS_MAX: u32 = 10_000;
/// The longest time a request waits for it.
const WAIT_MAX: Duration = Duration::from_secs(1);

impl Checker<'_> {
    /// Limits that have names, and where they are shared.
    pub(in crate::config) fn shared_limits(&mut self) {
        let config = self.config;
        for (name, rate) in &config.rates {
            let key = format!("rates.{name}");
            self.rate(&key, rate);
        }
        for (name, redis) in &config.redis {
            self.redis(&format!("redis.{name}"), redis);
        }
    }

    /// The limits of a route.
    pub(in crate::config) fn limits(&mut self, name: &str, route: &RouteOptions) {
        let config = self.config;
        let key = format!("routes.{name}.rate");
        let mut known: Vec<(&str, Limit)> = Vec::new();
        for rate in route.rate.iter() {
            let text = rate.limit.trim();
            if config.rates.contains_key(text) {
                if *rate != RateOptions::short(&rate.limit) {
                    let what = format!("what `{text}` is, is said once: in `rates.{text}`");
                    self.found(&key, what);
                }
                continue;
            }
            if !text.contains('/') && !text.starts_with(|first: char| first.is_ascii_digit()) {
                self.known(&key, "limit", text, config.rates.keys().map(String::as_str));
                continue;
            }
            let Some(limit) = self.rate(&key, rate) else { continue };
            let same = |one: &&(&str, Limit)| one.1.by == limit.by && one.1.per == limit.per;
            if let Some((other, _)) = known.iter().find(same) {
                self.found(&key, format!("`{other}` and `{text}` are the same but for the number"));
            }
            known.push((text, limit));
        }
        let key = format!("routes.{name}.concurrency");
        let mut known = Vec::new();
        for at_once in route.concurrency.iter() {
            match at_once.limit.parse::<AtOnce>() {
                Err(error) => self.found(&key, format!("`{}`: {error}", at_once.limit)),
                Ok(AtOnce { by, .. }) if known.contains(&by) => {
                    self.found(&key, format!("there is another limit per {by}"));
                }
                Ok(AtOnce { by, .. }) => known.push(by),
            }
        }
    }

    fn rate(&mut self, key: &str, rate: &RateOptions) -> Option<Limit> {
        if !(1..=KEYS_MAX).contains(&rate.keys_max) {
            self.found(key, format!("`keys_max` is between 1 and {KEYS_MAX}"));
        }
        let limit = match rate.limit.parse::<Limit>() {
            Ok(limit) => limit,
            Err(error) => {
                self.found(key, format!("`{}`: {error}", rate.limit));
                return None;
            }
        };
        if let Some(name) = &rate.shared {
            let redis = &self.config.redis;
            self.known(key, "redis", name, redis.keys().map(String::as_str));
            let gateways = redis.get(name).map_or(0, |redis| redis.gateways);
            if limit.calls < gateways {
                let what = format!(
                    "{gateways} gateways cannot divide {} between them when `{name}` is gone",
                    limit.calls
                );
                self.found(key, what);
            }
        }
        Some(limit)
    }

    fn redis(&mut self, key: &str, redis: &RedisOptions) {
        if !(1..=GATEWAYS_MAX).contains(&redis.gateways) {
            self.found(key, format!("`gateways` is between 1 and {GATEWAYS_MAX}"));
        }
        if let Err(error) = Place::of(redis) {
            self.found(key, format!("`{}`: {error}", redis.url));
        }
        if redis.wait.is_zero() || redis.wait > WAIT_MAX {
            self.found(key, "`wait` is between 1ns and 1s");
        }
        let plain = |letter: char| letter.is_ascii_graphic() && !"{}".contains(letter);
        if redis.prefix.is_empty() || !redis.prefix.chars().all(plain) {
            self.found(key, "`prefix` is a word of plain letters");
        }
    }
}
