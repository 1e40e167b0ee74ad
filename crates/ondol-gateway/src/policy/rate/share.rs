//! What a gateway holds of one key of a limit that it shares: calls it was given, to be used soon.
//!
//! Where a key is busy, several calls are asked for at once and used without asking again. They are good
//! for a short time only; what is left of them by then is given back when there is something to ask.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::fields::Quota;

/// The part of a limit that is asked for at once, at most.
const PART: u32 = 10;
/// From this many on, more are asked for before the last is used.
const AHEAD_MIN: u32 = 8;
/// How long one that could not be answered is not asked about again.
const REST: Duration = Duration::from_millis(100);

/// Calls that may be used until a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    calls: u32,
    until: Duration,
    /// Where they were counted.
    part: i64,
}

/// What is held of a key.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// The oldest first.
    leases: Vec<Lease>,
    /// How many were asked for last, and until when they were good.
    asked: u32,
    good_until: Duration,
    /// What was said last: calls that are left beside those held, and when there are more.
    left: u32,
    more_at: Duration,
    /// Until when the answer would be no.
    none_until: Duration,
    /// Until when there is no use in asking.
    rests_until: Duration,
    back: Option<(i64, u32)>,
    /// Wakes those who wait for an answer.
    answer: Option<Arc<Notify>>,
    waiting: u32,
}

/// How a request goes on.
#[derive(Debug)]
pub(crate) enum Step {
    Taken(Quota),
    Refused(Quota),
    /// An answer is under way.
    Wait(Arc<Notify>),
    /// There is no use in asking.
    Alone,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) calls: u32,
    /// Calls that were not used, and where they were counted.
    pub(crate) back: (i64, u32),
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) calls: u32,
    pub(crate) left: u32,
    pub(crate) more_in: Duration,
    pub(crate) part: i64,
}

impl Share {
    /// How a request goes on, and what has to be asked for because of it.
    pub(crate) fn step(&mut self, limit: u32, now: Duration) -> (Step, Option<Wanted>) {
        self.expire(now);
        let held: u32 = self.leases.iter().map(|lease| lease.calls).sum();
        if let Some(lease) = self.leases.iter_mut().find(|lease| lease.calls > 0) {
            lease.calls -= 1;
            let held = held - 1;
            let quota = Quota {
                left: self.left.saturating_add(held),
                more_in: self.more_at.saturating_sub(now),
            };
            let runs_out = self.asked >= AHEAD_MIN && held * 4 <= self.asked && self.left > 0;
            let ahead = runs_out && self.answer.is_none() && self.rests_until <= now;
            return (Step::Taken(quota), ahead.then(|| self.ask(limit, now)));
        }
        if now < self.none_until {
            let quota = Quota { left: 0, more_in: self.more_at.saturating_sub(now) };
            return (Step::Refused(quota), None);
        }
        if let Some(answer) = &self.answer {
            self.waiting += 1;
            return (Step::Wait(Arc::clone(answer)), None);
        }
        if now < self.rests_until {
            return (Step::Alone, None);
        }
        let wanted = self.ask(limit, now);
        let answer = self.answer.as_ref().map_or_else(Arc::default, Arc::clone);
        (Step::Wait(answer), Some(wanted))
    }

    /// Leases that are over: what is left of them goes back.
    fn expire(&mut self, now: Duration) {
        while let Some(lease) = self.leases.first().filter(|lease| lease.until <= now).copied() {
            self.leases.remove(0);
            self.back = match self.back {
                Some((part, back)) if part == lease.part => Some((part, back + lease.calls)),
                before if lease.calls == 0 => before,
                // What was not given back earlier comes back by itself, later.
                _ => Some((lease.part, lease.calls)),
            };
        }
    }

    fn ask(&mut self, limit: u32, now: Duration) -> Wanted {
        // What was used up before it was over could have been more.
        let busy = self.asked > 0 && now < self.good_until;
        let most = (limit / PART).max(1);
        let calls = if busy { self.asked.saturating_mul(2).min(most) } else { 1 };
        let calls = calls.max(self.waiting + 1).min(limit);
        self.asked = calls;
        self.waiting = 0;
        self.answer = Some(Arc::default());
        Wanted { calls, back: self.back.take().unwrap_or_default() }
    }

    /// An answer, to what was asked at a time, for calls that are good until another.
    pub(crate) fn given(&mut self, given: Given, until: Duration, lease: Duration, now: Duration) {
        self.left = given.left;
        self.waiting = self.waiting.saturating_sub(given.calls);
        self.more_at = now + given.more_in;
        if given.calls == 0 {
            self.none_until = now + given.more_in.min(lease);
        } else {
            self.leases.retain(|lease| lease.calls > 0);
            self.leases.push(Lease { calls: given.calls, until, part: given.part });
            self.good_until = until;
        }
        self.wake();
    }

    /// There was no answer.
    pub(crate) fn unanswered(&mut self, now: Duration) {
        self.rests_until = now + REST;
        self.wake();
    }

    /// A call that was taken was not used after all.
    pub(crate) fn give_back(&mut self) {
        if let Some(lease) = self.leases.last_mut() {
            lease.calls += 1;
        }
    }

    fn wake(&mut self) {
        if let Some(answer) = self.answer.take() {
            answer.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
