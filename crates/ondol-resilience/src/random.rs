//! The door for chance: jitter, sampling and choices all draw from it.
//!
//! `SplitMix64` over one atomic counter: a draw is one `fetch_add` and a few multiplications, no
//! lock, and the same seed gives the same draws in the same order. Not for secrets.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A source of chance. Clones draw from the same sequence.
#[derive(Debug, Clone)]
pub struct Random(Arc<AtomicU64>);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The sequence of one seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// A sequence nobody can repeat.
    pub fn unpredictable() -> Self {
        Self::seeded(RandomState::new().hash_one(0_u8))
    }

    /// 64 bits.
    pub fn bits(&self) -> u64 {
        mix(self.0.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN))
    }

    /// A number in `0..1`.
    pub fn unit(&self) -> f64 {
        unit_of(self.bits())
    }

    /// A number in `0..limit`, or 0 when the limit is 0.
    #[expect(clippy::cast_possible_truncation, reason = "the product's high half is below `limit`")]
    pub fn below(&self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// True for this share of draws.
    pub fn chance(&self, share: f64) -> bool {
        self.unit() < share
    }

    /// A duration between zero and `most`.
    pub fn up_to(&self, most: Duration) -> Duration {
        most.mul_f64(self.unit())
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::unpredictable()
    }
}

/// Spreads the bits of a number over all 64.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Bits as a number in `0..1`.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
pub(crate) fn unit_of(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The `turn`-th point of a sequence that fills `0..1` evenly without a period: of any `n` turns in
/// a row, a share `s` lies below `s` to within a few turns. Used where "10 % of calls" must be
/// 10 % of calls and not on average.
pub(crate) fn even_unit(turn: u64) -> f64 {
    unit_of(turn.wrapping_mul(GOLDEN))
}
