//! Balancing: which endpoint a call goes to.
//!
//! First the choice is narrowed: endpoints that are out (unless too few are left: panic, which is
//! told), then those of other zones (as long as enough of the own zone are in), then those that
//! earlier attempts of the request went to. Then the strategy chooses. An endpoint that is new gets
//! its share only little by little (slow start), and so does one that was ill and is well again.
//!
//! *Peak EWMA* takes the cheaper of two at random, the cost being latency × calls in flight × a
//! penalty for failures. A failure never counts as quick: it leaves the latency as it was, or sets it
//! to `failure_counts_as`, and raises the penalty — otherwise an endpoint that fails at once would
//! attract all traffic.
//!
//! Limit: at most [`ENDPOINTS_MAX`] endpoints; what one process knows of them, others do not.

mod choose;
mod load;
mod member;
mod options;
mod service;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use serde::Serialize;

use self::member::{Member, Members};
pub use self::{
    member::{EndpointState, Pick},
    options::{BalancerOptions, Endpoint, Strategy},
    service::{BalancedCall, BalancedService, HashKey, KeyOf, NoKey},
};
use crate::{
    Context, Doors, Outlier, OutlierState, Problems, Reason, Rejected, Tick, What,
    counters::Counter,
    policy::{Core, handle},
    sync::{Mutex, lock},
};

/// The most endpoints of a balancer.
pub const ENDPOINTS_MAX: usize = 1_024;

/// A balancer as it is at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BalancerState {
    /// Its endpoints.
    pub endpoints: Vec<EndpointState>,
    /// What is known of outliers among them.
    pub outlier: OutlierState,
    /// Whether so few are in that health is ignored.
    pub panic: bool,
    /// Calls that were sent while it was.
    pub picked_in_panic: u64,
    /// Calls for which there was no endpoint at all.
    pub rejected: u64,
}

/// A balancer. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Balancer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<BalancerOptions>,
    outlier: Outlier,
    members: ArcSwap<Members>,
    changing: Mutex<()>,
    turn: AtomicU64,
    panic: AtomicBool,
    picked_in_panic: Counter,
    rejected: Counter,
}

impl Balancer {
    /// A balancer over the endpoints of its options.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: BalancerOptions, doors: &Doors) -> Result<Self, Problems> {
        options.validate()?;
        let outlier = Outlier::with(name, options.outlier.clone(), doors)?;
        let core = Core::new(name, options, doors)?;
        // Those of the first hour are not new: slow start is for those who come later.
        let members = Members::new(&core.options.load(), &outlier, None, Tick::ZERO);
        Ok(Self(Arc::new(Inner {
            core,
            outlier,
            members: ArcSwap::from_pointee(members),
            changing: Mutex::new(()),
            turn: AtomicU64::new(0),
            panic: AtomicBool::new(false),
            picked_in_panic: Counter::default(),
            rejected: Counter::default(),
        })))
    }

    /// Chooses an endpoint for a call; `key` is the hash that a hashing strategy goes by.
    ///
    /// # Errors
    /// A [`Rejected`] when there is none.
    pub fn pick(&self, context: &Context, key: u64) -> Result<Pick, Rejected> {
        let inner = &*self.0;
        let members = inner.members.load();
        let options = inner.core.options.load();
        let now = inner.core.doors.time.now();
        let (candidates, panic) = self.narrow(&options, &members, context, now);
        self.tell_panic(panic);
        let Some(chosen) = self.choose(&options, &members, &candidates, key, now) else {
            inner.rejected.add_one();
            return Err(Rejected {
                policy: Arc::clone(&inner.core.name),
                reason: Reason::NoEndpoint,
                retry_after: None,
            });
        };
        if panic {
            inner.picked_in_panic.add_one();
        }
        let member = Arc::clone(&members.list[chosen]);
        if let Some(tried) = &context.tried {
            tried.note(member.hash);
        }
        Ok(Pick::begin(self.clone(), member, now))
    }

    fn tell_panic(&self, on: bool) {
        if self.0.panic.load(Ordering::Relaxed) != on
            && self.0.panic.swap(on, Ordering::AcqRel) != on
        {
            self.0.core.tell(What::Panic { on });
        }
    }

    /// The balancer as it is now.
    pub fn state(&self) -> BalancerState {
        let now = self.0.core.doors.time.now();
        let members = self.0.members.load();
        let is_out = self.is_out(now);
        BalancerState {
            endpoints: members.list.iter().map(|each| each.state(is_out(each))).collect(),
            outlier: self.0.outlier.state(),
            panic: self.0.panic.load(Ordering::Acquire),
            picked_in_panic: self.0.picked_in_panic.get(),
            rejected: self.0.rejected.get(),
        }
    }

    /// What someone who looks after the endpoints has found: one that is ill is out until it is well
    /// again, and then gets its share only little by little. An unknown name changes nothing.
    pub fn set_ill(&self, name: &str, ill: bool) {
        let now = self.0.core.doors.time.now();
        let members = self.0.members.load();
        if let Some(member) = members.list.iter().find(|member| member.endpoint.name == name) {
            member.known.set_ill(ill, now);
        }
    }

    /// What says of an endpoint that it is out. The detector is asked once for all of them.
    fn is_out(&self, now: Tick) -> impl Fn(&Member) -> bool {
        let enforces = self.0.outlier.enforces();
        move |member| member.known.is_ill() || (enforces && member.host.is_out(now))
    }

    fn core(&self) -> &Core<BalancerOptions> {
        &self.0.core
    }

    /// Endpoints that stay keep what is known of them.
    fn apply(&self, options: BalancerOptions) {
        let _changing = lock!(self.0.changing);
        let old = self.0.members.load_full();
        let now = self.0.core.doors.time.now();
        let members = Members::new(&options, &self.0.outlier, Some(&old), now);
        self.0.outlier.apply(options.outlier.clone());
        self.0.core.store(Arc::new(options));
        self.0.members.store(Arc::new(members));
    }
}

handle!(Balancer, BalancerOptions);
