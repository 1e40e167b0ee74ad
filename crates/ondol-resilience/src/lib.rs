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

mod adaptive;
mod balancer;
mod breaker;
mod budget;
mod bulkhead;
mod chaos;
mod classify;
mod clock;
mod context;
mod counters;
mod doors;
mod events;
mod fallback;
mod guard;
mod hedge;
mod load_shed;
mod mode;
mod or_off;
mod outlier;
mod policy;
mod preset;
mod problems;
mod random;
mod rate_limit;
mod registry;
mod rejected;
mod repeat;
mod retry;
mod sync;
mod timeout;
mod window;

pub use self::{
    adaptive::{Adaptive, AdaptiveLayer, AdaptiveOptions, AdaptiveState, InFlight, Measured},
    balancer::{
        BalancedCall, BalancedService, Balancer, BalancerOptions, BalancerState, ENDPOINTS_MAX,
        Endpoint, EndpointState, HashKey, KeyOf, NoKey, Pick, Strategy,
    },
    breaker::{
        Breaker, BreakerCounters, BreakerLayer, BreakerOptions, BreakerState, HalfOpenOptions,
        Hold, Judged, OpenOptions, Permit, PhaseState, RateRule, SlowRule, StepOptions, StuckRule,
    },
    budget::{BudgetOptions, BudgetState},
    bulkhead::{
        Bulkhead, BulkheadCall, BulkheadLayer, BulkheadOptions, BulkheadService, BulkheadState,
        Entering, Place,
    },
    chaos::{Chaos, ChaosCall, ChaosLayer, ChaosOptions, ChaosService, ChaosState},
    classify::{AnyError, Classify, Delivery, HttpStatus, Outcome, Verdict},
    clock::{Clock, ManualClock, Sleep, Tick, Time},
    context::{Carried, Carries, Context, Priority, Tried},
    doors::Doors,
    events::{EVENTS_MAX, Event, Events, What},
    fallback::{
        Fallback, FallbackCall, FallbackLayer, FallbackOptions, FallbackService, FallbackState,
        Upon,
    },
    guard::{Admit, Guard, Guarded, GuardedCall},
    hedge::{Hedge, HedgeCall, HedgeLayer, HedgeOptions, HedgeService, HedgeState},
    load_shed::{Admitted, LoadShed, LoadShedLayer, LoadShedOptions, LoadShedState},
    mode::Mode,
    outlier::{
        FailureShareRule, Host, HostState, Outlier, OutlierOptions, OutlierState, SuccessRateRule,
    },
    policy::{Kind, Policy},
    preset::{Preset, Stack, StackLayer, StackOptions},
    problems::{Problem, Problems},
    random::Random,
    rate_limit::{
        ByKey, OneKey, Quota, RateLimit, RateLimitLayer, RateLimitOptions, RateLimitState,
    },
    registry::{POLICIES_MAX, ParseError, PolicyState, RegisterError, Registry},
    rejected::{Error, Lift, LiftFuture, LiftLayer, Reason, Rejectable, Rejected},
    repeat::{Repeatable, Safety},
    retry::{Attempts, Retry, RetryCall, RetryLayer, RetryOptions, RetryService, RetryState},
    timeout::{
        TIME_LEFT, Timeout, TimeoutCall, TimeoutLayer, TimeoutOptions, TimeoutService,
        TimeoutState, read_time_left, write_time_left,
    },
    window::{Tally, WindowOptions},
};
