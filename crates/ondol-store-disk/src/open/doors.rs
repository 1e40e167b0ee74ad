//! What comes into a log from outside: a disk, the time, and chance.

use std::sync::Arc;

use ondol_doors::{Clock, Rng, SystemClock, SystemRng};

use crate::disk::{Disk, RealDisk};
use crate::format::Manifest;

/// What comes into a log from outside.
#[derive(Debug, Clone)]
pub struct Doors {
    /// Where files are.
    pub disk: Arc<dyn Disk>,
    /// What time it is when a log is made.
    pub clock: Arc<dyn Clock>,
    /// What a new log's ids and keys are drawn from.
    pub rng: Arc<dyn Rng>,
}

impl Default for Doors {
    /// The machine's own.
    fn default() -> Self {
        let clock = Arc::new(SystemClock::start());
        Self { disk: Arc::new(RealDisk), clock, rng: Arc::new(SystemRng) }
    }
}

impl Doors {
    /// A new life for a log.
    pub(crate) fn epoch(&self) -> ondol_store::LogEpoch {
        self.rng.as_ref().id(self.clock.now())
    }

    pub(super) fn new_manifest(&self) -> Manifest {
        let mut manifest = Manifest { log: [0; 16], epoch: self.epoch(), key: [0; 16] };
        self.rng.fill(&mut manifest.log);
        self.rng.fill(&mut manifest.key);
        manifest
    }
}
