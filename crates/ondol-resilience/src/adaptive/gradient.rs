//! The arithmetic of the adaptive limit.

use std::time::Duration;

use super::AdaptiveOptions;
use crate::Tick;

/// How much of a new average goes into the long one.
const LONG_WEIGHT: f64 = 0.02;
/// The limit after a failure for want of capacity, as a share of the one before.
const AFTER_OVERLOAD: f64 = 0.9;
/// A step never takes the limit below this share of itself.
const GRADIENT_MIN: f64 = 0.5;

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) now: Tick,
    pub(super) took: Duration,
    pub(super) in_flight: u32,
    pub(super) overloaded: bool,
}

#[derive(Debug)]
pub(super) struct Gradient {
    limit: f64,
    /// Seconds that answers take, over a long time.
    long: Option<f64>,
    stepped: Tick,
    answers: u32,
    seconds: f64,
    in_flight_most: u32,
    overloaded: bool,
}

impl Gradient {
    pub(super) fn new(limit: u32, now: Tick) -> Self {
        Self {
            limit: limit.into(),
            long: None,
            stepped: now,
            answers: 0,
            seconds: 0.0,
            in_flight_most: 0,
            overloaded: false,
        }
    }

    pub(super) fn limit(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "kept between limits that are u32"
        )]
        let limit = self.limit as u32;
        limit
    }

    pub(super) fn usual(&self) -> Option<Duration> {
        self.long.map(Duration::from_secs_f64)
    }

    pub(super) fn keep_within(&mut self, options: &AdaptiveOptions) {
        self.limit = self.limit.clamp(options.limit_min.into(), options.limit_max.into());
    }

    /// Takes an answer; says from where to where the limit has moved, if it has.
    pub(super) fn take(&mut self, options: &AdaptiveOptions, sample: Sample) -> Option<(u32, u32)> {
        self.in_flight_most = self.in_flight_most.max(sample.in_flight);
        if sample.overloaded {
            // How quickly a service fails is no measure of how quickly it works.
            self.overloaded = true;
        } else {
            self.answers += 1;
            self.seconds += sample.took.as_secs_f64();
        }
        let enough = self.overloaded || self.answers >= options.samples_min;
        if !enough || sample.now.since(self.stepped) < options.every {
            return None;
        }
        let before = self.limit();
        self.step(options);
        self.stepped = sample.now;
        (self.answers, self.seconds, self.in_flight_most) = (0, 0.0, 0);
        self.overloaded = false;
        let after = self.limit();
        (after != before).then_some((before, after))
    }

    fn step(&mut self, options: &AdaptiveOptions) {
        if self.overloaded {
            self.limit *= AFTER_OVERLOAD;
            return self.keep_within(options);
        }
        let short = self.seconds / f64::from(self.answers);
        let long = self.long.map_or(short, |long| (short - long).mul_add(LONG_WEIGHT, long));
        // Once it answers far quicker than it used to, what it used to is forgotten soon.
        self.long = Some(if long > 2.0 * short { long * 0.95 } else { long });
        let gradient =
            (options.tolerance * long / short.max(f64::MIN_POSITIVE)).clamp(GRADIENT_MIN, 1.0);
        let wanted = self.limit.mul_add(gradient, self.limit.sqrt());
        let unused = f64::from(self.in_flight_most) < self.limit / 2.0;
        if unused && wanted > self.limit {
            return;
        }
        self.limit = (wanted - self.limit).mul_add(options.smoothing, self.limit);
        self.keep_within(options);
    }
}
