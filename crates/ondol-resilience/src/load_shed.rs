//! Load shedding: when the service has too much to do, the less important calls go first.
//!
//! Each priority has its share of `calls_max`; above it, calls of that priority are shed at once,
//! without a queue. So background work stops while there is still room for the rest.
//!
//! Limit: it counts calls, not work. Where calls differ much, or the bearable number is not known,
//! use [`Adaptive`](crate::Adaptive).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::{
    Admit, Carries, Doors, Guard, Mode, Priority, Problems, Reason, Rejected,
    counters::Counter,
    guard::guard_layer,
    policy::{Core, handle},
};

/// How many calls at once, by priority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadShedOptions {
    /// How far it may go.
    pub mode: Mode,
    /// The most calls at once.
    pub calls_max: u32,
    /// The share of them up to which calls of low priority are let in.
    pub low_share: f64,
    /// The share of them up to which calls of normal priority are let in.
    pub normal_share: f64,
}

impl Default for LoadShedOptions {
    fn default() -> Self {
        Self { mode: Mode::Enforce, calls_max: 1_000, low_share: 0.7, normal_share: 0.9 }
    }
}

impl LoadShedOptions {
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.range("calls_max", self.calls_max, 1, 10_000_000);
        problems.share("low_share", self.low_share);
        problems.share("normal_share", self.normal_share);
        if self.low_share > self.normal_share {
            problems.add("low_share", "must not be above `normal_share`");
        }
        problems.into_result()
    }

    fn share(&self, priority: Priority) -> f64 {
        match priority {
            Priority::Low => self.low_share,
            Priority::Normal => self.normal_share,
            Priority::High => 1.0,
        }
    }
}

/// A load shedder as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoadShedState {
    /// Calls that are in.
    pub calls: u32,
    /// Calls that were let in.
    pub admitted: u64,
    /// Calls that were shed.
    pub rejected: u64,
    /// Calls that would have been shed, were it not only observing.
    pub would_reject: u64,
}

/// A load shedder. Clones are the same one.
#[derive(Debug, Clone)]
pub struct LoadShed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    core: Core<LoadShedOptions>,
    calls: AtomicU32,
    admitted: Counter,
    rejected: Counter,
    would_reject: Counter,
}

/// A call that is in; it goes out when dropped.
#[derive(Debug)]
#[must_use = "a call that is dropped at once sheds nobody"]
pub struct Admitted(Option<LoadShed>);

impl LoadShed {
    /// A load shedder with nobody in.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub fn with(name: &str, options: LoadShedOptions, doors: &Doors) -> Result<Self, Problems> {
        Ok(Self(Arc::new(Inner {
            core: Core::new(name, options, doors)?,
            calls: AtomicU32::new(0),
            admitted: Counter::default(),
            rejected: Counter::default(),
            would_reject: Counter::default(),
        })))
    }

    /// Lets a call of this priority in, or sheds it.
    ///
    /// # Errors
    /// A [`Rejected`] when it is shed.
    pub fn enter(&self, priority: Priority) -> Result<Admitted, Rejected> {
        let inner = &*self.0;
        let options = inner.core.options.load();
        if options.mode == Mode::Off {
            return Ok(Admitted(None));
        }
        let most = f64::from(options.calls_max) * options.share(priority);
        let before = inner.calls.fetch_add(1, Ordering::AcqRel);
        let admitted = Admitted(Some(self.clone()));
        if f64::from(before) < most {
            inner.admitted.add_one();
        } else if options.mode == Mode::Observe {
            inner.would_reject.add_one();
        } else {
            inner.rejected.add_one();
            return Err(Rejected {
                policy: Arc::clone(&inner.core.name),
                reason: Reason::LoadShed,
                retry_after: None,
            });
        }
        Ok(admitted)
    }

    /// The layer.
    pub fn layer(&self) -> LoadShedLayer {
        LoadShedLayer(self.clone())
    }

    /// The load shedder as it is now.
    pub fn state(&self) -> LoadShedState {
        LoadShedState {
            calls: self.0.calls.load(Ordering::Acquire),
            admitted: self.0.admitted.get(),
            rejected: self.0.rejected.get(),
            would_reject: self.0.would_reject.get(),
        }
    }

    fn core(&self) -> &Core<LoadShedOptions> {
        &self.0.core
    }

    fn apply(&self, options: LoadShedOptions) {
        self.0.core.store(Arc::new(options));
    }
}

handle!(LoadShed, LoadShedOptions);

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(shed) = &self.0 {
            shed.0.calls.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Puts a load shedder before services.
#[derive(Debug, Clone)]
pub struct LoadShedLayer(LoadShed);

guard_layer!(LoadShedLayer);

impl<R: Carries> Admit<R> for LoadShedLayer {
    type Guard = Admitted;

    fn admit(&self, request: &R) -> Result<Admitted, Rejected> {
        self.0.enter(request.context().priority)
    }
}

impl<T, E> Guard<T, E> for Admitted {
    fn done(self, _: &Result<T, E>) {}
}
