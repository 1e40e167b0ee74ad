//! The record of one endpoint.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::fmt::serde::unsigned_duration::friendly::compact as human;
use serde::Serialize;

use super::left;
use crate::Tick;

/// What is known of an endpoint.
#[derive(Debug)]
pub struct Host {
    pub(super) name: Arc<str>,
    row_there: AtomicU32,
    row_on_the_way: AtomicU32,
    /// Calls of this interval in the low half, failed ones in the high half.
    interval: AtomicU64,
    /// 0: it is in.
    out_until: AtomicU64,
    pub(super) times_out: AtomicU32,
}

/// An endpoint as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostState {
    /// Its name.
    pub name: String,
    /// For how long it is still out.
    #[serde(with = "human::optional")]
    pub out_for: Option<Duration>,
    /// How often it was out, less one for each quiet interval.
    pub times_out: u32,
    /// Failing answers in a row.
    pub upstream_failures_in_a_row: u32,
    /// Calls in a row that failed on the way.
    pub local_failures_in_a_row: u32,
}

impl Host {
    pub(super) fn new(name: &Arc<str>) -> Arc<Self> {
        Arc::new(Self {
            name: Arc::clone(name),
            row_there: AtomicU32::new(0),
            row_on_the_way: AtomicU32::new(0),
            interval: AtomicU64::new(0),
            out_until: AtomicU64::new(0),
            times_out: AtomicU32::new(0),
        })
    }

    pub(super) fn succeeded(&self) {
        self.count(false);
        self.row_there.store(0, Ordering::Release);
        self.row_on_the_way.store(0, Ordering::Release);
    }

    /// An answer came, and it was a failure: the way there is good.
    pub(super) fn failed_there(&self) -> u32 {
        self.count(true);
        self.row_on_the_way.store(0, Ordering::Release);
        self.row_there.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn failed_on_the_way(&self) -> u32 {
        self.count(true);
        self.row_on_the_way.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn count(&self, failed: bool) {
        self.interval.fetch_add(1 | u64::from(failed) << 32, Ordering::AcqRel);
    }

    /// The calls and failures of the interval that ends now.
    pub(super) fn end_interval(&self) -> (u64, u64) {
        let interval = self.interval.swap(0, Ordering::AcqRel);
        (interval & u64::from(u32::MAX), interval >> 32)
    }

    pub(crate) fn is_out(&self, now: Tick) -> bool {
        self.out_until.load(Ordering::Acquire) > now.as_nanos()
    }

    pub(super) fn put_out(&self, until: Tick) {
        self.out_until.store(until.as_nanos(), Ordering::Release);
        self.forget();
    }

    /// Begins a new record, so that a returning endpoint is judged by what it does from now on.
    pub(super) fn forget(&self) {
        self.row_there.store(0, Ordering::Release);
        self.row_on_the_way.store(0, Ordering::Release);
        self.interval.store(0, Ordering::Release);
    }

    /// Whether it has been out and is in again, which is said once.
    pub(super) fn returns(&self, now: Tick) -> bool {
        let until = self.out_until.load(Ordering::Acquire);
        until != 0
            && until <= now.as_nanos()
            && self
                .out_until
                .compare_exchange(until, 0, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    pub(super) fn state(&self, now: Tick) -> HostState {
        HostState {
            name: self.name.to_string(),
            out_for: left(Tick::from_nanos(self.out_until.load(Ordering::Acquire)), now),
            times_out: self.times_out.load(Ordering::Acquire),
            upstream_failures_in_a_row: self.row_there.load(Ordering::Acquire),
            local_failures_in_a_row: self.row_on_the_way.load(Ordering::Acquire),
        }
    }
}
