//! The last *n* calls: a ring of one-byte outcomes and their running totals in one word.
//!
//! Whoever replaces an outcome in the ring subtracts exactly that outcome from the totals, so the
//! totals always come to what the ring holds, whatever the order of threads. Each total starts at a
//! bias, so that one which is for a moment below zero does not borrow from its neighbour.

use super::Tally;
use crate::sync::{AtomicU8, AtomicU64, Ordering};

const CALL: u8 = 1;
const FAILED: u8 = 2;
const SLOW: u8 = 4;

const FIELD: u32 = 21;
const BIAS: u64 = 1 << 20;
const BIASES: u64 = BIAS | BIAS << FIELD | BIAS << (2 * FIELD);

#[derive(Debug)]
pub(crate) struct CallRing {
    outcomes: Box<[AtomicU8]>,
    turn: AtomicU64,
    totals: AtomicU64,
}

impl CallRing {
    pub(crate) fn new(calls: u32) -> Self {
        Self {
            outcomes: (0..calls).map(|_| AtomicU8::new(0)).collect(),
            turn: AtomicU64::new(0),
            totals: AtomicU64::new(BIASES),
        }
    }

    pub(crate) fn record(&self, failed: bool, slow: bool) -> Tally {
        let new = CALL | if failed { FAILED } else { 0 } | if slow { SLOW } else { 0 };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.outcomes.len() as u64;
        let place = usize::try_from(turn).expect("a turn within the ring is an index");
        let old = self.outcomes[place].swap(new, Ordering::Relaxed);
        let delta = spread(new).wrapping_sub(spread(old));
        tally(self.totals.fetch_add(delta, Ordering::AcqRel).wrapping_add(delta))
    }

    pub(crate) fn tally(&self) -> Tally {
        tally(self.totals.load(Ordering::Acquire))
    }
}

/// An outcome as one count in each field it belongs to.
fn spread(outcome: u8) -> u64 {
    u64::from(outcome & CALL)
        | u64::from(outcome & FAILED) >> 1 << FIELD
        | u64::from(outcome & SLOW) >> 2 << (2 * FIELD)
}

fn tally(totals: u64) -> Tally {
    let field = |index: u32| (totals >> (index * FIELD) & ((1 << FIELD) - 1)).saturating_sub(BIAS);
    Tally { calls: field(0), failures: field(1), slow: field(2) }
}
