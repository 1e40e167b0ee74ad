//! A limit that several gateways share, and what each keeps to while it cannot be asked.
//!
//! While Redis answers, it alone says how much there is. While it does not, each gateway lets in its part of
//! the limit and no more, counting what it has let in before. So in any time of the limit's length, however
//! Redis comes and goes, at most the limit is given out by Redis and at most the limit is let in without it:
//! twice the limit, and never more. A Redis that has lost what it counted is not believed until that cannot
//! matter any more.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use ondol_doors::Clock;

use super::Limiter;
use super::asker::{Asker, Key};
use super::fields::Quota;
use super::limit::Limit;
use super::link::{Ask, Link};
use super::share::{Share, Step};

/// Where a limit is shared.
#[derive(Debug)]
pub(super) struct Shared {
    link: Arc<Link>,
    /// What a gateway may let in alone.
    alone: u32,
    /// What the names of its keys begin with.
    prefix: String,
}

/// How a request goes on, when it has been looked at what is held.
enum Next {
    Judged(Result<Quota, Quota>),
    Wait(tokio::sync::futures::OwnedNotified),
    Alone,
}

impl Shared {
    pub(super) fn new(link: &Arc<Link>, limit: &Limit, ledger: &str) -> Self {
        let prefix = format!("{}:{}", link.options.prefix, ledger.replace(' ', "/"));
        let alone = limit.calls / link.options.gateways.max(1);
        Self { link: Arc::clone(link), alone, prefix }
    }

    /// What a key is called where it is shared: it says nothing of whose it is.
    fn name(&self, key: &Key<'_>) -> String {
        let mut bytes = Vec::new();
        key.write(&mut bytes);
        let hash = digest::digest(&digest::SHA256, &bytes);
        let mut name = format!("{}:", self.prefix);
        for byte in &hash.as_ref()[..16] {
            let written = write!(name, "{byte:02x}");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        name
    }
}

impl Limiter {
    /// Takes a call from what all gateways share, within the time that may take; or from this gateway's
    /// part. Whether it was the former.
    pub(super) async fn take_shared(
        &self,
        shared: &Shared,
        clock: &dyn Clock,
        asker: &Asker<'_>,
    ) -> (Result<Quota, Quota>, bool) {
        let key = asker.key(&self.limit.by);
        let hash = self.ledger.hash(&key);
        let link = &shared.link;
        let give_up_at = clock.running() + link.options.wait;
        loop {
            let now = clock.running();
            if !link.is_up() || self.ledger.is_lost(now) {
                return (self.take_alone(shared, hash, now), false);
            }
            match self.step(shared, &key, hash, now) {
                Next::Judged(judged) => return (judged, true),
                Next::Wait(answer) if link.is_prompt() && now < give_up_at => {
                    tokio::select! {
                        () = answer => {}
                        () = clock.sleep(give_up_at.saturating_sub(now)) => {
                            link.note_prompt(false);
                        }
                    }
                }
                Next::Wait(_) | Next::Alone => return (self.take_alone(shared, hash, now), false),
            }
        }
    }

    /// Looks at what is held of a key, and asks for more if there is reason to.
    fn step(&self, shared: &Shared, key: &Key<'_>, hash: u64, now: Duration) -> Next {
        let Limit { calls, per, .. } = self.limit;
        let (next, wanted) = self.ledger.table.with(hash, self.room(now), |entry| {
            let share = entry.share.get_or_insert_with(Box::<Share>::default);
            let (step, wanted) = share.step(calls, now);
            let next = match step {
                Step::Taken(quota) => {
                    entry.window.used(per, now);
                    entry.window.add(per, now);
                    Next::Judged(Ok(quota))
                }
                Step::Refused(quota) => Next::Judged(Err(quota)),
                Step::Wait(answer) => Next::Wait(answer.notified_owned()),
                Step::Alone => Next::Alone,
            };
            (next, wanted)
        });
        if let Some(wanted) = wanted {
            let ledger = Arc::clone(&self.ledger);
            let ask = Ask { ledger, hash, name: shared.name(key), calls, per, wanted };
            shared.link.leave(ask, now);
        }
        next
    }

    /// Lets in what is this gateway's part, whatever Redis says.
    fn take_alone(&self, shared: &Shared, hash: u64, now: Duration) -> Result<Quota, Quota> {
        let per = self.limit.per;
        shared.link.note_alone();
        self.ledger.table.with(hash, self.room(now), |entry| {
            match entry.window.take(shared.alone, per, now) {
                Ok(left) => Ok(Quota { left, more_in: entry.window.more_in(per, now) }),
                Err(wait) => Err(Quota { left: 0, more_in: wait }),
            }
        })
    }
}

#[cfg(test)]
mod tests;
