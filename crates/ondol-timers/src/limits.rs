//! How much of everything there may be: full means a clear refusal, not growth.

use crate::WriteError;

/// What a store of timers takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Orders of one write, and timers that are settled at once.
    pub orders_per_write_max: usize,
    /// Timers of one page of those that are due.
    pub page_timers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { orders_per_write_max: 100_000, page_timers_max: 10_000 }
    }
}

impl Limits {
    /// Refuses to settle more at once than is taken.
    ///
    /// # Errors
    /// When there are more.
    pub fn check_settle(&self, found: usize) -> Result<(), WriteError> {
        let most = self.orders_per_write_max;
        if found > most { Err(WriteError::TooMany { most, found }) } else { Ok(()) }
    }
}
