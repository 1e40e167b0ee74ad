//! What is counted for a limit.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::asker::Key;
use super::table::Table;
use crate::policy::known::Known;

/// The keys of a limit, and what became of their requests.
#[derive(Debug)]
pub(crate) struct Ledger {
    hasher: RandomState,
    pub(crate) table: Table,
    exceeded: AtomicU64,
    /// Until when what was counted elsewhere and has been lost may still matter.
    lost_until_nanos: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(keys_max: u32) -> Self {
        Self {
            hasher: RandomState::new(),
            table: Table::new(keys_max),
            exceeded: AtomicU64::new(0),
            lost_until_nanos: AtomicU64::new(0),
        }
    }

    /// A key as the table knows it.
    pub(crate) fn hash(&self, key: &Key<'_>) -> u64 {
        self.hasher.hash_one(key)
    }

    /// What was counted elsewhere has been lost, which matters until this time.
    pub(crate) fn has_lost(&self, until: Duration) {
        let nanos = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        self.lost_until_nanos.store(nanos, Ordering::Relaxed);
    }

    /// Whether it still matters.
    pub(crate) fn is_lost(&self, now: Duration) -> bool {
        now < Duration::from_nanos(self.lost_until_nanos.load(Ordering::Relaxed))
    }

    /// A request was too much, whether or not it was refused for it.
    pub(crate) fn exceeded(&self) {
        self.exceeded.fetch_add(1, Ordering::Relaxed);
    }
}

impl Known<Ledger> {
    /// The same, for people.
    pub(crate) fn told(&self) -> serde_json::Value {
        let told = self.all().into_iter().map(|(name, ledger)| {
            let (keys, forgotten) = ledger.table.counted();
            let exceeded = ledger.exceeded.load(Ordering::Relaxed);
            let of =
                serde_json::json!({ "keys": keys, "forgotten": forgotten, "exceeded": exceeded });
            (name, of)
        });
        serde_json::Value::Object(told.collect())
    }

    /// What there is to say of each, as Prometheus reads it.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        let series = [
            ("ondol_gateway_rate_keys", "gauge"),
            ("ondol_gateway_rate_keys_forgotten_total", "counter"),
            ("ondol_gateway_rate_exceeded_total", "counter"),
        ];
        let all = self.all();
        for (number, (series, kind)) in series.into_iter().enumerate() {
            writeln!(out, "# TYPE {series} {kind}")?;
            for (name, ledger) in &all {
                let (keys, forgotten) = ledger.table.counted();
                let exceeded = ledger.exceeded.load(Ordering::Relaxed);
                let value = [keys, forgotten, exceeded][number];
                writeln!(out, "{series}{{limit=\"{name}\"}} {value}")?;
            }
        }
        Ok(())
    }
}
