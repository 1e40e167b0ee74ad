//! What is steered while the gateway runs: by judgement, or by somebody's hand.
//!
//! How far a canary has come, which of two colours serves, which instances are drained: all of it
//! belongs to a name in the configuration, and lives on when the configuration changes around it and
//! when the gateway is started again.

mod act;
pub(crate) mod canary;
mod judged;
mod kept;
mod task;
mod tell;
pub(crate) mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::config::{BlueGreenOptions, CanaryOptions, Colour, MirrorOptions};
use crate::mirror::Mirror;

pub use act::{CanaryAct, SteerError};
pub(crate) use judged::{Canary, Side};
use kept::{Kept, KeptCanary, KeptSwitch};
pub(crate) use task::watch;

/// Which of two backends serves a route.
#[derive(Debug)]
pub(crate) struct Switch {
    /// What the file says: when it says something else, that counts.
    written: Colour,
    green: AtomicBool,
}

impl Switch {
    fn new(written: Colour, active: Colour) -> Self {
        Self { written, green: AtomicBool::new(active == Colour::Green) }
    }

    /// The one that serves now.
    pub(crate) fn active(&self) -> Colour {
        if self.green.load(Ordering::Relaxed) { Colour::Green } else { Colour::Blue }
    }
}

/// All that is steered, by its name.
#[derive(Debug, Default)]
pub(crate) struct Steering {
    known: Mutex<Known>,
    file: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the route. Two for a moment, while a configuration is made ready that may yet be refused.
    canaries: BTreeMap<String, Vec<Arc<Canary>>>,
    switches: BTreeMap<String, Vec<Arc<Switch>>>,
    mirrors: BTreeMap<String, Vec<Arc<Mirror>>>,
    /// Names of instances, by the backend.
    drained: BTreeMap<String, BTreeSet<String>>,
    /// What was there before the start, and has not been asked for yet.
    before: Kept,
    /// What the file holds.
    written: Kept,
}

impl Steering {
    /// What is kept in this file. Without one, or with one that cannot be read, all begins anew.
    pub(crate) fn open(file: Option<PathBuf>) -> Self {
        let before = file.as_deref().and_then(kept::read).unwrap_or_default();
        let (drained, written) = (before.drained.clone(), before.clone());
        let known = Known { drained, before, written, ..Known::default() };
        Self { known: Mutex::new(known), file }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics while holding what is steered")
    }

    /// The canary of a route: the one that was, if the same thing is tried.
    pub(crate) fn canary(&self, route: &str, options: &CanaryOptions) -> Arc<Canary> {
        let mut known = self.lock();
        let Known { canaries, before, .. } = &mut *known;
        let here = canaries.entry(route.to_owned()).or_default();
        if let Some(canary) = here.iter().find(|canary| canary.tries(options)) {
            return Arc::clone(canary);
        }
        let kept = before.canaries.iter().find(|kept| kept.is_of(route, options));
        let progress = kept.map(|kept| kept.progress.clone());
        let canary = Arc::new(Canary::new(options, progress));
        here.push(Arc::clone(&canary));
        canary
    }

    /// The switch of a route: the one that was, if the file says what it said.
    pub(crate) fn switch(&self, route: &str, options: &BlueGreenOptions) -> Arc<Switch> {
        let mut known = self.lock();
        let Known { switches, before, .. } = &mut *known;
        let here = switches.entry(route.to_owned()).or_default();
        if let Some(switch) = here.iter().find(|switch| switch.written == options.active) {
            return Arc::clone(switch);
        }
        let mut kept = before.switches.iter().filter(|kept| kept.route == route);
        let kept = kept.find(|kept| kept.written == options.active);
        let active = kept.map_or(options.active, |kept| kept.active);
        let switch = Arc::new(Switch::new(options.active, active));
        here.push(Arc::clone(&switch));
        switch
    }

    /// The mirror of a route: the one that was, if the same is compared.
    pub(crate) fn mirror(&self, route: &str, options: &MirrorOptions) -> Arc<Mirror> {
        let mut known = self.lock();
        let here = known.mirrors.entry(route.to_owned()).or_default();
        if let Some(mirror) = here.iter().find(|mirror| mirror.compares(options)) {
            return Arc::clone(mirror);
        }
        let mirror = Arc::new(Mirror::new(options));
        here.push(Arc::clone(&mirror));
        mirror
    }

    /// Whether an instance gets nothing new.
    pub(crate) fn is_drained(&self, backend: &str, endpoint: &str) -> bool {
        self.lock().drained.get(backend).is_some_and(|names| names.contains(endpoint))
    }

    /// Takes an instance out, or back in. Whether that is news.
    pub(crate) fn drain(&self, backend: &str, endpoint: &str, out: bool) -> bool {
        let mut known = self.lock();
        let names = known.drained.entry(backend.to_owned()).or_default();
        let news = match out {
            true => names.insert(endpoint.to_owned()),
            false => names.remove(endpoint),
        };
        known.drained.retain(|_, names| !names.is_empty());
        self.keep(&mut known);
        news
    }

    /// A configuration has been taken over: what it does not have is forgotten.
    pub(crate) fn settle(&self, in_use: &InUse, has_backend: impl Fn(&str) -> bool) {
        let mut known = self.lock();
        let Known { canaries, switches, mirrors, drained, before, .. } = &mut *known;
        retain(canaries, &in_use.canaries);
        retain(switches, &in_use.switches);
        retain(mirrors, &in_use.mirrors);
        drained.retain(|backend, _| has_backend(backend));
        *before = Kept::default();
        self.keep(&mut known);
    }

    /// Something has moved: it is kept.
    pub(crate) fn moved(&self) {
        let mut known = self.lock();
        self.keep(&mut known);
    }

    fn keep(&self, known: &mut Known) {
        let Some(file) = &self.file else { return };
        let canaries = known.canaries.iter().flat_map(|(route, canaries)| {
            canaries.iter().map(|canary| KeptCanary::of(route, canary))
        });
        let switches = known.switches.iter().flat_map(|(route, switches)| {
            switches.iter().map(|switch| KeptSwitch {
                route: route.clone(),
                written: switch.written,
                active: switch.active(),
            })
        });
        let kept = Kept {
            canaries: canaries.collect(),
            switches: switches.collect(),
            drained: known.drained.clone(),
        };
        if kept != known.written {
            kept::write(file, &kept);
            known.written = kept;
        }
    }
}

/// What a configuration steers.
#[derive(Default)]
pub(crate) struct InUse {
    pub(crate) canaries: BTreeMap<String, Arc<Canary>>,
    pub(crate) switches: BTreeMap<String, Arc<Switch>>,
    pub(crate) mirrors: BTreeMap<String, Arc<Mirror>>,
}

fn retain<T>(known: &mut BTreeMap<String, Vec<Arc<T>>>, in_use: &BTreeMap<String, Arc<T>>) {
    known.retain(|route, all| {
        let used = in_use.get(route);
        all.retain(|one| used.is_some_and(|used| Arc::ptr_eq(used, one)));
        !all.is_empty()
    });
}
