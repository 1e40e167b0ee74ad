//! The answer of a policy that does not let a call through, and the error types that can hold it.
//!
//! A stack of layers has *one* error type: the service's own, if it is [`Rejectable`], or
//! [`Error<E>`], which [`Lift`] puts around any other. No layer boxes, prints or nests it, so the
//! caller sees the service's error as the service gave it, and a rejection costs no allocation.

mod lift;

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use serde::Serialize;

pub use self::lift::{Lift, LiftFuture, LiftLayer};
use crate::{Kind, Verdict};

/// A policy did not let a call through, or cut it short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The policy's name.
    pub policy: Arc<str>,
    /// Why.
    pub reason: Reason,
    /// When it may be worth asking again, if the policy knows.
    pub retry_after: Option<Duration>,
}

/// Why a policy did not let a call through. Each has a stable code with a page in `docs/errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The breaker is open.
    CircuitOpen,
    /// The breaker is half-open and its probes are out.
    CircuitProbing,
    /// The breaker is letting traffic grow, and this call was not in the share.
    CircuitRecovering,
    /// A person holds the breaker open or has isolated it.
    CircuitHeld,
    /// The bulkhead and its queue are full.
    BulkheadFull,
    /// The bulkhead had no room in the time a call may wait for it.
    BulkheadWait,
    /// The call took longer than it may. Whether it took effect is unknown.
    TimedOut,
    /// The deadline had passed before the call was sent.
    DeadlinePassed,
    /// The key has used up its rate.
    RateLimited,
    /// The measured limit of concurrency is reached.
    ConcurrencyLimited,
    /// The service is overloaded and the call's priority is too low.
    LoadShed,
    /// There is no endpoint to send to.
    NoEndpoint,
    /// Chaos was asked for.
    Chaos,
}

impl Reason {
    /// The stable code: the name of its page in `docs/errors`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CircuitOpen => "circuit-open",
            Self::CircuitProbing => "circuit-probing",
            Self::CircuitRecovering => "circuit-recovering",
            Self::CircuitHeld => "circuit-held",
            Self::BulkheadFull => "bulkhead-full",
            Self::BulkheadWait => "bulkhead-wait",
            Self::TimedOut => "timed-out",
            Self::DeadlinePassed => "deadline-passed",
            Self::RateLimited => "rate-limited",
            Self::ConcurrencyLimited => "concurrency-limited",
            Self::LoadShed => "load-shed",
            Self::NoEndpoint => "no-endpoint",
            Self::Chaos => "chaos",
        }
    }

    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::CircuitOpen,
        Self::CircuitProbing,
        Self::CircuitRecovering,
        Self::CircuitHeld,
        Self::BulkheadFull,
        Self::BulkheadWait,
        Self::TimedOut,
        Self::DeadlinePassed,
        Self::RateLimited,
        Self::ConcurrencyLimited,
        Self::LoadShed,
        Self::NoEndpoint,
        Self::Chaos,
    ];

    /// The kind of policy that gives this reason.
    pub const fn kind(self) -> Kind {
        match self {
            Self::CircuitOpen
            | Self::CircuitProbing
            | Self::CircuitRecovering
            | Self::CircuitHeld => Kind::Breaker,
            Self::BulkheadFull | Self::BulkheadWait => Kind::Bulkhead,
            Self::TimedOut | Self::DeadlinePassed => Kind::Timeout,
            Self::RateLimited => Kind::RateLimit,
            Self::ConcurrencyLimited => Kind::Adaptive,
            Self::LoadShed => Kind::LoadShed,
            Self::NoEndpoint => Kind::Balancer,
            Self::Chaos => Kind::Chaos,
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::CircuitOpen => "is open",
            Self::CircuitProbing => "is probing and has no probe to give",
            Self::CircuitRecovering => {
                "is recovering and this call is not in the share it lets through"
            }
            Self::CircuitHeld => "is held open by an operator",
            Self::BulkheadFull => "is full and so is its queue",
            Self::BulkheadWait => "had no room in time",
            Self::TimedOut => "gave the call up after its time",
            Self::DeadlinePassed => "did not send the call because its deadline had passed",
            Self::RateLimited => "has no more calls for this key now",
            Self::ConcurrencyLimited => "has as many calls in flight as the service bears",
            Self::LoadShed => "sheds calls of this priority now",
            Self::NoEndpoint => "has no endpoint to send to",
            Self::Chaos => "was asked to fail this call",
        }
    }
}

impl Rejected {
    /// How an outer policy sees it: a time-out is a failure of what was called; everything else never
    /// reached it, and may be tried again elsewhere.
    pub fn verdict(&self) -> Verdict {
        let verdict = match self.reason {
            Reason::TimedOut => Verdict::failure(),
            Reason::Chaos => Verdict::failure().not_sent(),
            Reason::DeadlinePassed => Verdict::ignored(),
            _ => Verdict::ignored().not_sent(),
        };
        Verdict { retry_after: self.retry_after, ..verdict }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` {}", self.reason.kind().as_str(), self.policy, self.reason.says())?;
        match self.retry_after {
            Some(after) => write!(f, "; worth asking again in {after:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejected {}

/// An error type that can hold a policy's rejection beside the service's own errors.
pub trait Rejectable: From<Rejected> {
    /// The rejection, if this is one.
    fn rejection(&self) -> Option<&Rejected>;
}

impl Rejectable for Rejected {
    fn rejection(&self) -> Option<&Rejected> {
        Some(self)
    }
}

impl Rejectable for Box<dyn std::error::Error + Send + Sync> {
    fn rejection(&self) -> Option<&Rejected> {
        self.downcast_ref()
    }
}

/// A policy's rejection, or the service's own error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error<E> {
    /// A policy did not let the call through.
    Rejected(Rejected),
    /// The service failed, and this is how.
    Inner(E),
}

impl<E> Error<E> {
    /// The service's own error, if it is one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Rejected(_) => None,
            Self::Inner(error) => Some(error),
        }
    }
}

impl Error<Infallible> {
    /// The rejection: the service cannot fail.
    pub fn into_rejected(self) -> Rejected {
        match self {
            Self::Rejected(rejected) => rejected,
            Self::Inner(never) => match never {},
        }
    }
}

impl<E> From<Rejected> for Error<E> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl<E> Rejectable for Error<E> {
    fn rejection(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Inner(_) => None,
        }
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(_) => f.write_str("the call was not let through"),
            Self::Inner(_) => f.write_str("the called service failed"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Inner(error) => Some(error),
        }
    }
}
