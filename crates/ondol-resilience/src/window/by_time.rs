//! The last stretch of time: a ring of slices, each one word.
//!
//! A slice's word holds the low bits of the slice's number beside its counts, so a thread that was
//! held up cannot count into a slice that has since been given to a later time. The ring moves on
//! under a lock, once per slice, clearing all that was skipped: gaps of any length, also of exactly
//! one turn of the ring, leave nothing behind.
//!
//! Limit: a slice counts to 262,143 calls; then all its counts are halved, which keeps the shares.

use std::time::Duration;

use super::Tally;
use crate::{
    Tick,
    clock::nanos,
    sync::{AtomicU64, Mutex, Ordering, lock},
};

const COUNT: u32 = 18;
const COUNT_MAX: u64 = (1 << COUNT) - 1;
const TAG_SHIFT: u32 = 3 * COUNT;

#[derive(Debug)]
pub(crate) struct TimeRing {
    slice_nanos: u64,
    /// How many slices the window covers.
    covers: u64,
    /// A power of two of them, so that a slice finds its place by a mask and not by a division.
    slices: Box<[AtomicU64]>,
    /// The latest slice that calls were recorded in, as its number since the clock's origin.
    head: AtomicU64,
    moving_on: Mutex<()>,
}

impl TimeRing {
    pub(crate) fn new(length: Duration, slices: u32) -> Self {
        Self {
            slice_nanos: (nanos(length) / u64::from(slices)).max(1),
            covers: slices.into(),
            slices: (0..slices.next_power_of_two())
                .map(|place| AtomicU64::new(empty(place.into())))
                .collect(),
            // Slices 0 to `slices - 1` are in their places from the start.
            head: AtomicU64::new(u64::from(slices) - 1),
            moving_on: Mutex::new(()),
        }
    }

    pub(crate) fn record(&self, now: Tick, failed: bool, slow: bool) -> Tally {
        let slice = self.note(now, failed, slow);
        self.tally_at(slice)
    }

    /// Records a call without a tally; answers the number of its slice.
    pub(crate) fn note(&self, now: Tick, failed: bool, slow: bool) -> u64 {
        let slice = self.slice_at(now);
        if slice > self.head.load(Ordering::Acquire) {
            self.move_on_to(slice);
        }
        self.count(slice, failed, slow);
        slice
    }

    pub(crate) fn tally(&self, now: Tick) -> Tally {
        self.tally_at(self.slice_at(now))
    }

    fn slice_at(&self, now: Tick) -> u64 {
        // Most calls end in the slice of the one before, which is seen without a division.
        let head = self.head.load(Ordering::Acquire);
        let into_head = now.as_nanos().wrapping_sub(head.wrapping_mul(self.slice_nanos));
        if into_head < self.slice_nanos { head } else { now.as_nanos() / self.slice_nanos }
    }

    fn word(&self, slice: u64) -> &AtomicU64 {
        let place = slice & (self.slices.len() as u64 - 1);
        &self.slices[usize::try_from(place).expect("a place within the ring is an index")]
    }

    fn move_on_to(&self, slice: u64) {
        let _moving_on = lock!(self.moving_on);
        let head = self.head.load(Ordering::Acquire);
        let oldest = slice.saturating_sub(self.covers - 1);
        for fresh in oldest.max(head + 1)..=slice {
            self.word(fresh).store(empty(fresh), Ordering::Release);
        }
        if slice > head {
            self.head.store(slice, Ordering::Release);
        }
    }

    /// Counts a call in its slice, unless the slice is already forgotten.
    fn count(&self, slice: u64, failed: bool, slow: bool) {
        let one = 1 | u64::from(failed) << COUNT | u64::from(slow) << (2 * COUNT);
        let word = self.word(slice);
        let mut seen = word.load(Ordering::Relaxed);
        while seen >> TAG_SHIFT == empty(slice) >> TAG_SHIFT {
            let counted = if seen & COUNT_MAX == COUNT_MAX { halved(seen) } else { seen } + one;
            match word.compare_exchange_weak(seen, counted, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// The counts of the slices that a window ending in `slice` covers, which may lie after the head.
    fn tally_at(&self, slice: u64) -> Tally {
        let head = self.head.load(Ordering::Acquire);
        let last = slice.max(head);
        let first = last.saturating_sub(self.covers - 1);
        let mut tally = Tally::default();
        for covered in first..=head {
            let word = self.word(covered).load(Ordering::Acquire);
            if word >> TAG_SHIFT == empty(covered) >> TAG_SHIFT {
                add(&mut tally, word);
            }
        }
        tally
    }
}

const fn add(tally: &mut Tally, word: u64) {
    tally.calls += word & COUNT_MAX;
    tally.failures += word >> COUNT & COUNT_MAX;
    tally.slow += word >> (2 * COUNT) & COUNT_MAX;
}

/// The word of a slice in which nothing has happened.
const fn empty(slice: u64) -> u64 {
    slice << TAG_SHIFT
}

const fn halved(word: u64) -> u64 {
    let low_halves = COUNT_MAX >> 1;
    let halves = low_halves | low_halves << COUNT | low_halves << (2 * COUNT);
    (word >> TAG_SHIFT << TAG_SHIFT) | (word >> 1 & halves)
}
