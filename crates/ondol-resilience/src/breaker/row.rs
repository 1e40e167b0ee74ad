//! Failures in a row: the count and the generation it belongs to, in one word.
//!
//! So a failure that is counted a moment too late cannot lengthen the row of a later epoch, and one
//! comparison tells a success that there is nothing to end.

use crate::sync::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Row(AtomicU64);

/// A count below the low half of a generation: 2³² epochs later it would be taken for another's.
const fn word(generation: u64, failures: u32) -> u64 {
    generation << 32 | failures as u64
}

const fn failures(word: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    let low = word as u32;
    low
}

impl Row {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(word(0, 0)))
    }

    /// A row of another generation begins.
    pub(super) fn begin(&self, generation: u64, failures: u32) {
        self.0.store(word(generation, failures), Ordering::Release);
    }

    /// The failures in a row.
    pub(super) fn failures(&self) -> u32 {
        failures(self.0.load(Ordering::Acquire))
    }

    /// Whether there is nothing for a success to end.
    pub(super) fn is_empty(&self, generation: u64) -> bool {
        self.0.load(Ordering::Acquire) == word(generation, 0)
    }

    /// Another failure; answers how many there are now, or 0 if the row belongs to another epoch.
    pub(super) fn lengthen(&self, generation: u64) -> u32 {
        let longer = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |row| {
            (row >> 32 == word(generation, 0) >> 32 && failures(row) < u32::MAX).then(|| row + 1)
        });
        longer.map_or(0, |row| failures(row) + 1)
    }

    /// A success.
    pub(super) fn end(&self, generation: u64) {
        // Most successes end no row, and a load does not take the line from other cores.
        if self.is_empty(generation) {
            return;
        }
        // If it belongs to another epoch, there is nothing to end.
        let same =
            |row: u64| (row >> 32 == word(generation, 0) >> 32).then_some(word(generation, 0));
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, same) {
            Ok(_) | Err(_) => {}
        }
    }
}
