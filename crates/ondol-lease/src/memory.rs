//! The engine in memory: for tests, and where there is one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::Clock;

use crate::{Epoch, Holder, Lease, LeaseError, LeaseName, LeaseStore, Taken};

/// Leases in memory.
#[derive(Debug)]
pub struct MemoryLeases {
    clock: Arc<dyn Clock>,
    rows: Mutex<BTreeMap<LeaseName, Row>>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    holder: Holder,
    epoch: Epoch,
    /// How long the clock has to have been running.
    until: Duration,
}

impl MemoryLeases {
    /// No leases yet; terms are measured by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<LeaseName, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LeaseStore for MemoryLeases {
    async fn take(
        &self,
        name: &LeaseName,
        holder: Holder,
        term: Duration,
    ) -> Result<Taken, LeaseError> {
        let now = self.clock.running();
        let mut rows = self.rows();
        let epoch = match rows.get(name) {
            None => Epoch(1),
            Some(row) if row.holder == holder => row.epoch,
            Some(row) if row.until <= now => Epoch(row.epoch.0 + 1),
            Some(row) => {
                return Ok(Taken::ByOther { epoch: row.epoch, left: row.until - now });
            }
        };
        rows.insert(name.clone(), Row { holder, epoch, until: now + term });
        Ok(Taken::Held(Lease { name: name.clone(), holder, epoch }))
    }

    async fn check(&self, lease: &Lease) -> Result<(), LeaseError> {
        let is_held = |row: &Row| row.holder == lease.holder && row.epoch == lease.epoch;
        if self.rows().get(&lease.name).is_some_and(is_held) {
            return Ok(());
        }
        Err(LeaseError::lost(lease))
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        let mut rows = self.rows();
        let row = rows.get_mut(&lease.name);
        if let Some(row) = row.filter(|row| row.holder == lease.holder && row.epoch == lease.epoch)
        {
            row.until = Duration::ZERO;
        }
        Ok(())
    }
}
