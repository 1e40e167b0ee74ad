//! The arithmetic of the adaptive limit.
//!
//! What an answer *usually* takes is learnt while there is no queue. Under full load it only ever
//! falls, or a queue that lasts would come to be taken for usual and the limit would grow without
//! end. Since what is usual may really rise, the limit is halved for two steps now and then, which
//! empties the queue, and what answers take in the second of them is the new usual.

use std::time::Duration;

use super::AdaptiveOptions;
use crate::Tick;

/// How much of a new average goes into the usual one.
const USUAL_WEIGHT: f64 = 0.1;
/// The limit after a failure for want of capacity, as a share of the one before.
const AFTER_OVERLOAD: f64 = 0.9;
/// A step never takes the limit below this share of itself.
const GRADIENT_MIN: f64 = 0.5;
/// Steps under full load after which the limit is halved to look again at what is usual.
const STEPS_BETWEEN_LOOKS: u32 = 300;

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
    /// Seconds that answers take when there is no queue.
    usual: Option<f64>,
    stage: Stage,
    stepped: Tick,
    answers: u32,
    seconds: f64,
    in_flight_most: u32,
    overloaded: bool,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// So many steps under full load since the last look.
    Running(u32),
    /// The limit is halved and the queue empties.
    Emptying,
    /// The queue is empty.
    Looking,
}

impl Gradient {
    pub(super) fn new(limit: u32, now: Tick) -> Self {
        Self {
            limit: limit.into(),
            usual: None,
            stage: Stage::Running(0),
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
        match self.stage {
            Stage::Running(_) => limit,
            Stage::Emptying | Stage::Looking => (limit / 2).max(1),
        }
    }

    pub(super) fn usual(&self) -> Option<Duration> {
        self.usual.map(Duration::from_secs_f64)
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
        match self.stage {
            Stage::Running(steps) => self.run(options, short, steps),
            Stage::Emptying => self.stage = Stage::Looking,
            Stage::Looking => {
                self.usual = Some(short);
                self.stage = Stage::Running(0);
            }
        }
    }

    fn run(&mut self, options: &AdaptiveOptions, short: f64, steps: u32) {
        let unused = f64::from(self.in_flight_most) < self.limit / 2.0;
        let usual = match self.usual {
            Some(usual) if short > usual && !unused => usual,
            Some(usual) => (short - usual).mul_add(USUAL_WEIGHT, usual),
            None => short,
        };
        self.usual = Some(usual);
        let gradient = options.tolerance * usual / short.max(f64::MIN_POSITIVE);
        let wanted = self.limit.mul_add(gradient.clamp(GRADIENT_MIN, 1.0), self.limit.sqrt());
        if unused && wanted > self.limit {
            return;
        }
        self.limit = (wanted - self.limit).mul_add(options.smoothing, self.limit);
        self.keep_within(options);
        let look = steps >= STEPS_BETWEEN_LOOKS;
        self.stage = if look { Stage::Emptying } else { Stage::Running(steps + 1) };
    }
}
