//! How long the gateway waits for a peer: a fixed time, or a minimum rate with a grace.
//!
//! A timer is not started and stopped for each wait, which would cost more than the wait. A
//! [`Patience`] only notes when it ends; its one sleep wakes early now and then, sees that the end has
//! moved on, and lies down again.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ondol_doors::{Clock, Sleep};

/// A moment after which waiting is over, if there is one.
pub(crate) struct Patience {
    clock: Arc<dyn Clock>,
    ends: Option<Duration>,
    sleep: Option<(Duration, Sleep)>,
}

impl Patience {
    /// Endless, until told otherwise.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ends: None, sleep: None }
    }

    /// The clock it is measured by.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// From now, waits so long.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.ends = Some(self.clock.running().saturating_add(time));
    }

    /// From a moment that has just been looked at, waits so long.
    pub(crate) const fn wait_from(&mut self, now: Duration, time: Duration) {
        self.ends = Some(now.saturating_add(time));
    }

    /// Waits for ever.
    pub(crate) fn rest(&mut self) {
        self.ends = None;
    }

    /// Whether it will end.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.ends.is_some()
    }

    /// Ready when the waiting is over.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(ends) = self.ends else { return Poll::Pending };
        loop {
            match &mut self.sleep {
                Some((until, sleep)) if *until <= ends => {
                    if sleep.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    if self.clock.running() >= ends {
                        self.sleep = None;
                        return Poll::Ready(());
                    }
                }
                _ => {}
            }
            let now = self.clock.running();
            if now >= ends {
                return Poll::Ready(());
            }
            self.sleep = Some((ends, self.clock.sleep(ends.saturating_sub(now))));
        }
    }
}

/// A least rate, with a time for which less is borne.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long it may fall short altogether.
    pub(crate) grace: Duration,
    /// Bytes a second.
    pub(crate) rate: u32,
}

/// Keeps a [`Pace`]: time spent waiting is a debt, bytes pay it back.
///
/// Only waiting for the peer counts: a slow upstream is not the client's fault.
pub(crate) struct Pacer {
    pace: Pace,
    debt: Duration,
    since: Option<Duration>,
    patience: Patience,
}

impl Pacer {
    /// Nothing owed yet.
    pub(crate) fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Self { pace, debt: Duration::ZERO, since: None, patience: Patience::new(clock) }
    }

    /// The peer gave, or took, so many bytes.
    pub(crate) fn progress(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.debt += self.patience.clock.running().saturating_sub(since);
            self.patience.rest();
        }
        if !self.debt.is_zero() {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let paid = Duration::from_secs(1) * bytes / self.pace.rate.max(1);
            self.debt = self.debt.saturating_sub(paid);
        }
    }

    /// The peer is being waited for. Ready when it is too slow.
    pub(crate) fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            self.since = Some(self.patience.clock.running());
            self.patience.wait(self.pace.grace.saturating_sub(self.debt));
        }
        self.patience.poll_over(cx)
    }
}

#[cfg(test)]
mod tests;
