//! Breaker, bulkhead, retry, deadline, limit, hedge, balance: the patterns as tower layers.
//!
//! Every policy has one shape: options (serde; [`Problems`] reports all that is wrong) make a handle
//! (cheap to clone, safe to share), and the handle is a tower layer (`layer()`), a wrapper around
//! any asynchronous function (`call`), changeable while running (`change`), and readable (`state`).
//!
//! One error type goes through a stack of layers: any type that is [`Rejectable`], that is, can hold
//! a [`Rejected`] beside what the service itself may answer. [`Error`] is the ready-made one. A
//! service's own error arrives at the caller as it was, however many layers it passed.
//!
//! Time comes through [`Time`], chance through [`Random`]; what happens is told through [`Events`].

mod breaker;
mod classify;
mod clock;
mod context;
mod doors;
mod events;
mod mode;
mod policy;
mod problems;
mod random;
mod registry;
mod rejected;
mod sync;
mod window;

pub use self::{
    breaker::{
        Breaker, BreakerCounters, BreakerLayer, BreakerOptions, BreakerService, BreakerState,
        GuardedCall, HalfOpenOptions, Hold, OpenOptions, Permit, PhaseState, RateRule, SlowRule,
        StepOptions, StuckRule,
    },
    classify::{AnyError, Classify, Delivery, HttpStatus, Outcome, Verdict},
    clock::{Clock, ManualClock, Sleep, Tick, Time},
    context::{Carried, Carries, Context, Priority, Tried},
    doors::Doors,
    events::{EVENTS_MAX, Event, Events, What},
    mode::Mode,
    policy::{Kind, Policy},
    problems::{Problem, Problems},
    random::Random,
    registry::{POLICIES_MAX, ParseError, PolicyState, RegisterError, Registry},
    rejected::{Error, Lift, LiftFuture, LiftLayer, Reason, Rejectable, Rejected},
    window::{Tally, WindowOptions},
};
