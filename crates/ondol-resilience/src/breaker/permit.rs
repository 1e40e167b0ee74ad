//! Leave to make one call, and the duty to say how it went.

use super::{Breaker, machine::Standing, state::count};
use crate::{Rejected, Tick, Verdict};

/// Leave to make one call. Dropped without [`Permit::finish`], it gives back what it holds, and the
/// call counts as nothing.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once counts for nothing"]
pub struct Permit {
    breaker: Breaker,
    pub(super) generation: u64,
    pub(super) began: Tick,
    pub(super) standing: Standing,
}

impl Permit {
    pub(super) fn ask(breaker: &Breaker) -> Result<Self, Rejected> {
        let (generation, began, standing) = breaker.admit()?;
        Ok(Self { breaker: breaker.clone(), generation, began, standing })
    }

    /// Says what came of the call.
    pub fn finish(mut self, verdict: Verdict) {
        let standing = std::mem::replace(&mut self.standing, Standing::Unmeasured);
        if standing != Standing::Unmeasured {
            self.breaker.settle(self.generation, self.began, standing, verdict);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match self.standing {
            Standing::Unmeasured => {}
            Standing::Shadow => count(&self.breaker.0.counters.dropped),
            Standing::Counted => self.breaker.abandon(self.generation, self.began),
        }
    }
}
