//! What every policy is to those who look after it: a kind, a name, options, and a state.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Doors, Event, Mode, Problems, What};

/// The kinds of policy. The name of each is its table in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the policies")]
pub enum Kind {
    Adaptive,
    Balancer,
    Breaker,
    Bulkhead,
    Chaos,
    Fallback,
    Hedge,
    LoadShed,
    Outlier,
    RateLimit,
    Retry,
    Timeout,
}

impl Kind {
    /// The name of its table in TOML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Balancer => "balancer",
            Self::Breaker => "breaker",
            Self::Bulkhead => "bulkhead",
            Self::Chaos => "chaos",
            Self::Fallback => "fallback",
            Self::Hedge => "hedge",
            Self::LoadShed => "load_shed",
            Self::Outlier => "outlier",
            Self::RateLimit => "rate_limit",
            Self::Retry => "retry",
            Self::Timeout => "timeout",
        }
    }
}

/// A policy as a console sees it. Every handle of this crate is one.
pub trait Policy: Any + Send + Sync {
    /// What kind it is.
    fn kind(&self) -> Kind;
    /// Its name.
    fn name(&self) -> &str;
    /// How far it may go.
    fn mode(&self) -> Mode;
    /// Its options now.
    fn options_json(&self) -> Value;
    /// Its state now.
    fn state_json(&self) -> Value;
    /// Changes its options while it runs.
    ///
    /// # Errors
    /// All that is wrong with the new options; then the old ones stay.
    fn change_json(&self, options: Value) -> Result<(), Problems>;
}

/// What every set of options is.
pub(crate) trait Options:
    Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    const KIND: Kind;
    fn mode(&self) -> Mode;
    fn validate(&self) -> Result<(), Problems>;
}

/// What every handle holds: its name, its options as they are now, its doors.
#[derive(Debug)]
pub(crate) struct Core<O> {
    pub(crate) name: Arc<str>,
    pub(crate) options: ArcSwap<O>,
    /// The mode of the options once more: it is read on every call.
    mode: AtomicU8,
    pub(crate) doors: Doors,
}

impl<O: Options> Core<O> {
    pub(crate) fn new(name: &str, options: O, doors: &Doors) -> Result<Self, Problems> {
        options.validate()?;
        Ok(Self {
            name: name.into(),
            mode: AtomicU8::new(options.mode() as u8),
            options: ArcSwap::from_pointee(options),
            doors: doors.clone(),
        })
    }

    pub(crate) fn store(&self, options: Arc<O>) {
        self.mode.store(options.mode() as u8, Ordering::Release);
        self.options.store(options);
    }

    pub(crate) fn mode(&self) -> Mode {
        Mode::of(self.mode.load(Ordering::Acquire))
    }

    pub(crate) fn tell(&self, what: What) {
        self.doors.events.tell(Event {
            at: self.doors.time.now(),
            kind: O::KIND,
            policy: Arc::clone(&self.name),
            what,
        });
    }
}

/// Reads options from JSON, saying what does not fit.
pub(crate) fn read<O: Options>(value: Value) -> Result<O, Problems> {
    serde_json::from_value(value).map_err(|error| Problems::one("", error.to_string()))
}

/// The part of a handle that is the same for all: `$handle` has a `core()` of `$options`, and an
/// `apply` that takes options found to be good.
macro_rules! handle {
    ($handle:ident, $options:ident) => {
        impl $handle {
            /// A policy with its own ordinary doors.
            ///
            /// # Errors
            /// All that is wrong with the options.
            pub fn new(name: &str, options: $options) -> Result<Self, $crate::Problems> {
                Self::with(name, options, &$crate::Doors::default())
            }

            /// The policy's name.
            pub fn name(&self) -> &str {
                &self.core().name
            }

            /// The options as they are now.
            pub fn options(&self) -> std::sync::Arc<$options> {
                self.core().options.load_full()
            }

            /// Changes the options while calls go on.
            ///
            /// # Errors
            /// All that is wrong with the new options; then the old ones stay.
            pub fn change(&self, options: $options) -> Result<(), $crate::Problems> {
                options.validate()?;
                self.apply(options);
                self.core().tell($crate::What::Changed);
                Ok(())
            }
        }

        impl $crate::Policy for $handle {
            fn kind(&self) -> $crate::Kind {
                <$options as $crate::policy::Options>::KIND
            }

            fn name(&self) -> &str {
                &self.core().name
            }

            fn mode(&self) -> $crate::Mode {
                self.core().mode()
            }

            fn options_json(&self) -> serde_json::Value {
                $crate::policy::json(&**self.core().options.load())
            }

            fn state_json(&self) -> serde_json::Value {
                $crate::policy::json(&self.state())
            }

            fn change_json(&self, options: serde_json::Value) -> Result<(), $crate::Problems> {
                self.change($crate::policy::read(options)?)
            }
        }

        impl $crate::policy::Options for $options {
            const KIND: $crate::Kind = $crate::Kind::$handle;

            fn mode(&self) -> $crate::Mode {
                self.mode
            }

            fn validate(&self) -> Result<(), $crate::Problems> {
                $options::validate(self)
            }
        }
    };
}
pub(crate) use handle;

/// A value as JSON. Options and states are trees of names, numbers and durations, which always fit.
pub(crate) fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
