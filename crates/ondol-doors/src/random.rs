//! Numbers that nobody can guess, and numbers that a seed repeats.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use ondol_kernel::{Id, Timestamp};

/// The door through which randomness comes in.
pub trait Rng: Debug + Send + Sync + 'static {
    /// Fills the bytes with random ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A random number.
    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A random number below `limit`; zero when the limit is.
    fn below(&self, limit: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(limit);
        u64::try_from(wide >> 64).expect("the upper half of 128 bits has 64")
    }
}

impl dyn Rng {
    /// A new id, made at a time.
    pub fn id<Of: ?Sized>(&self, time: Timestamp) -> Id<Of> {
        let mut random = [0; 10];
        self.fill(&mut random);
        Id::made_at(time, random)
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness to give");
    }
}

/// Numbers that follow from a seed (SplitMix64): the same seed, the same numbers.
#[derive(Debug)]
pub struct SeededRng {
    state: AtomicU64,
}

impl SeededRng {
    /// The numbers that follow from this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }

    fn number(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
