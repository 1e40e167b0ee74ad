//! Presets: whole stacks of policies in one line, whose values can be printed and then changed.
//!
//! From the outside in: a deadline for the whole call, retries, the breaker, the bulkhead, and a
//! time-out for each attempt. The breaker stands inside the retries, so that it sees each attempt,
//! and outside the time-out, so that it sees what took too long.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use tower::layer::util::Stack as Both;

use crate::{
    AnyError, Breaker, BreakerLayer, BreakerOptions, BudgetOptions, Bulkhead, BulkheadLayer,
    BulkheadOptions, Doors, HalfOpenOptions, OpenOptions, Policy, Problems, RateRule,
    RegisterError, Registry, Retry, RetryLayer, RetryOptions, StepOptions, Timeout, TimeoutLayer,
    TimeoutOptions, WindowOptions,
};

/// A stack of policies with values that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// For calls between services: a few seconds, three attempts, a breaker by rate.
    Standard,
    /// For what a person waits for and can do without: no retries, and off at the first signs.
    FastFail,
    /// For what must get through and may take its time: patient, and slow to give up on a service.
    Tolerant,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::Standard, Self::FastFail, Self::Tolerant];

    /// Its values.
    pub fn options(self) -> StackOptions {
        match self {
            Self::Standard => standard(),
            Self::FastFail => fast_fail(),
            Self::Tolerant => tolerant(),
        }
    }

    /// Its policies, under one name.
    pub fn stack(self, name: &str, doors: &Doors) -> Stack {
        Stack::with(name, self.options(), doors).expect("the values of presets are good")
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::FastFail => "fast-fail",
            Self::Tolerant => "tolerant",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = Problems;

    fn from_str(name: &str) -> Result<Self, Problems> {
        let found = Self::ALL.into_iter().find(|preset| preset.as_str() == name);
        found.ok_or_else(|| {
            Problems::one("preset", format!("must be standard, fast-fail or tolerant, is `{name}`"))
        })
    }
}

/// The values of a stack of policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackOptions {
    /// The whole call, with all attempts.
    pub total: TimeoutOptions,
    /// The attempts.
    pub retry: RetryOptions,
    /// Around each attempt.
    pub breaker: BreakerOptions,
    /// Around each attempt.
    pub bulkhead: BulkheadOptions,
    /// Each attempt.
    pub attempt: TimeoutOptions,
}

impl StackOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let parts = [
            ("total", self.total.validate()),
            ("retry", self.retry.validate()),
            ("breaker", self.breaker.validate()),
            ("bulkhead", self.bulkhead.validate()),
            ("attempt", self.attempt.validate()),
        ];
        for (part, checked) in parts {
            if let Err(found) = checked {
                problems.add_under(part, found);
            }
        }
        problems.into_result()
    }
}

/// As TOML, as it can be put into a file.
impl fmt::Display for StackOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&toml::to_string(self).map_err(|_unprintable| fmt::Error)?)
    }
}

/// The policies of a stack.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of `StackOptions`")]
pub struct Stack {
    pub total: Timeout,
    pub retry: Retry,
    pub breaker: Breaker,
    pub bulkhead: Bulkhead,
    pub attempt: Timeout,
}

/// The layer of a stack; `C` says what an outcome means.
pub type StackLayer<C> = Both<
    TimeoutLayer,
    Both<BulkheadLayer, Both<BreakerLayer<C>, Both<RetryLayer<C>, TimeoutLayer>>>,
>;

impl Stack {
    /// The policies, under one name.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: StackOptions, doors: &Doors) -> Result<Self, Problems> {
        options.validate()?;
        Ok(Self {
            total: Timeout::with(&format!("{name}.total"), options.total, doors)?,
            retry: Retry::with(name, options.retry, doors)?,
            breaker: Breaker::with(name, options.breaker, doors)?,
            bulkhead: Bulkhead::with(name, options.bulkhead, doors)?,
            attempt: Timeout::with(&format!("{name}.attempt"), options.attempt, doors)?,
        })
    }

    /// Adds its policies to a registry.
    ///
    /// # Errors
    /// When one of their names is taken, or the registry is full.
    pub fn register(&self, registry: &Registry) -> Result<(), RegisterError> {
        fn add(registry: &Registry, policy: &(impl Policy + Clone)) -> Result<(), RegisterError> {
            registry.register(policy.clone())
        }
        add(registry, &self.total)?;
        add(registry, &self.retry)?;
        add(registry, &self.breaker)?;
        add(registry, &self.bulkhead)?;
        add(registry, &self.attempt)
    }

    /// All layers as one, with every `Err` a failure.
    pub fn layer(&self) -> StackLayer<AnyError> {
        self.layer_with(AnyError)
    }

    /// All layers as one, with the caller's own view of what an outcome means.
    pub fn layer_with<C: Clone>(&self, classify: C) -> StackLayer<C> {
        let retry = self.retry.layer().classify(classify.clone());
        let breaker = self.breaker.layer().classify(classify);
        let outer = Both::new(retry, self.total.layer());
        let outer = Both::new(breaker, outer);
        Both::new(self.attempt.layer(), Both::new(self.bulkhead.layer(), outer))
    }
}

fn timeout(millis: u64) -> TimeoutOptions {
    TimeoutOptions { within: Duration::from_millis(millis), ..TimeoutOptions::default() }
}

fn standard() -> StackOptions {
    StackOptions {
        total: timeout(10_000),
        retry: RetryOptions { within: None, ..RetryOptions::default() },
        breaker: BreakerOptions {
            failures_in_a_row: Some(10),
            failure_rate: Some(RateRule { share: 0.5, minimum_calls: 20 }),
            ..BreakerOptions::default()
        },
        bulkhead: BulkheadOptions::default(),
        attempt: timeout(3_000),
    }
}

fn fast_fail() -> StackOptions {
    StackOptions {
        total: timeout(500),
        retry: RetryOptions { attempts_max: 1, within: None, ..RetryOptions::default() },
        breaker: BreakerOptions {
            failures_in_a_row: Some(3),
            failure_rate: Some(RateRule { share: 0.2, minimum_calls: 10 }),
            open: OpenOptions { lasts: Duration::from_secs(5), ..OpenOptions::default() },
            ..BreakerOptions::default()
        },
        bulkhead: BulkheadOptions { queue_max: 0, ..BulkheadOptions::default() },
        attempt: timeout(500),
    }
}

fn tolerant() -> StackOptions {
    StackOptions {
        total: timeout(60_000),
        retry: RetryOptions {
            attempts_max: 6,
            backoff_first: Duration::from_millis(200),
            backoff_max: Duration::from_secs(10),
            retry_after_max: Duration::from_secs(30),
            within: None,
            budget: BudgetOptions { floor: 10, ..BudgetOptions::default() },
            ..RetryOptions::default()
        },
        breaker: BreakerOptions {
            failures_in_a_row: Some(20),
            failure_rate: Some(RateRule { share: 0.8, minimum_calls: 50 }),
            window: WindowOptions::Time { length: Duration::from_secs(30), slices: 10 },
            half_open: HalfOpenOptions { probes_max: 3, ..HalfOpenOptions::default() },
            recovery: [0.25, 1.0].map(StepOptions::of).to_vec(),
            ..BreakerOptions::default()
        },
        bulkhead: BulkheadOptions {
            queue_max: 512,
            wait_max: Duration::from_secs(10),
            ..BulkheadOptions::default()
        },
        attempt: timeout(15_000),
    }
}
