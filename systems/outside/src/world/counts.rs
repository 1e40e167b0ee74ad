//! What a provider has counted since it began.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// What a provider has counted since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests that came.
    pub came: u64,
    /// Requests that changed its books: each key at most one.
    pub effects: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Answers that were given again.
    pub replayed: u64,
    /// Requests that failed before anything was done.
    pub failed: u64,
    /// Requests that were done and broke off.
    pub lost: u64,
    /// Requests that were never answered.
    pub silent: u64,
    /// Letters for which there was no room.
    pub letters_lost: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    came: AtomicU64,
    effects: AtomicU64,
    refused: AtomicU64,
    replayed: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
    silent: AtomicU64,
    letters_lost: AtomicU64,
}

impl Counters {
    pub(super) fn came(&self) {
        self.came.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, status: StatusCode, is_effect: bool) {
        if is_effect {
            self.effects.fetch_add(1, Ordering::Relaxed);
        }
        if status.is_client_error() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn replayed(&self) {
        self.replayed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn silent(&self) {
        self.silent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn letter_lost(&self) {
        self.letters_lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            came: read(&self.came),
            effects: read(&self.effects),
            refused: read(&self.refused),
            replayed: read(&self.replayed),
            failed: read(&self.failed),
            lost: read(&self.lost),
            silent: read(&self.silent),
            letters_lost: read(&self.letters_lost),
        }
    }
}
