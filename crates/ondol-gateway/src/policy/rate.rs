//! How often a route may be called, by whom it is counted, and what clients are told of it.
//!
//! Several limits hold together: a request that one of them refuses uses none of the others up.

mod asker;
mod fields;
mod jointly;
mod ledger;
mod limit;
mod link;
mod redis;
mod share;
mod table;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use ondol_resilience::Mode;

use crate::config::{RateOptions, Several};
use crate::gateway::{Core, Record};
use crate::policy::{NotMade, Works, observe};
use crate::problem::{Problem, TooOften};

pub(crate) use self::redis::{Place, serve};
pub(crate) use asker::Asker;
use fields::Quota;
pub(crate) use fields::{Fields, seconds};
use jointly::Shared;
pub(crate) use ledger::Ledger;
pub(crate) use limit::{AtOnce, Limit};
pub(crate) use link::Link;
use table::Room;

/// Ways to where limits are shared, by their names.
pub(crate) type Links = BTreeMap<String, Arc<Link>>;

/// The limits of a route.
#[derive(Debug)]
pub(crate) struct Rates {
    limiters: Vec<Limiter>,
    /// What clients are told of those that are enforced.
    policy: HeaderValue,
}

/// One limit.
#[derive(Debug)]
struct Limiter {
    limit: Limit,
    mode: Mode,
    keys_max: u32,
    /// What clients know it by.
    name: String,
    ledger: Arc<Ledger>,
    shared: Option<Shared>,
}

impl Rates {
    /// Those of a route; none, if it has none that does anything.
    pub(crate) fn new(
        route: &str,
        options: &Several<RateOptions>,
        works: Works<'_>,
    ) -> Result<Option<Self>, NotMade> {
        let limiters = options.iter().map(|options| Limiter::new(route, options, works));
        let mut limiters: Vec<_> = limiters.collect::<Option<_>>().ok_or(NotMade)?;
        limiters.retain(|limiter| limiter.mode != Mode::Off);
        tell_apart(&mut limiters);
        let told = limiters.iter().filter(|limiter| limiter.mode == Mode::Enforce);
        let told: Vec<_> = told.map(Limiter::policy).collect();
        let policy = HeaderValue::try_from(told.join(", ")).map_err(|_error| NotMade)?;
        Ok((!limiters.is_empty()).then_some(Self { limiters, policy }))
    }

    /// Lets a request in that is not too much for any limit, and says what is left of them.
    pub(crate) async fn admit(
        &self,
        core: &Core,
        record: &mut Record,
        asker: &Asker<'_>,
    ) -> Result<Fields, Problem> {
        let now = core.clock.running();
        let mut fields = Fields::of(&self.policy);
        // Those that have let it in, before others that may not.
        let mut taken = Vec::new();
        for (number, limiter) in self.limiters.iter().enumerate() {
            let (judged, is_leased) = match &limiter.shared {
                None => (limiter.take(asker, now), false),
                Some(shared) => limiter.take_shared(shared, &*core.clock, asker).await,
            };
            let (Ok(quota) | Err(quota)) = judged;
            if limiter.mode == Mode::Enforce {
                fields.say(&limiter.name, quota);
            }
            if judged.is_ok() {
                if number + 1 < self.limiters.len() {
                    taken.push((limiter, is_leased));
                }
                continue;
            }
            limiter.ledger.exceeded();
            if limiter.mode == Mode::Enforce {
                for (earlier, is_leased) in taken {
                    earlier.give_back(asker, is_leased);
                }
                return Err(TooOften { wait: quota.more_in, fields }.into());
            }
            let problem = TooOften { wait: quota.more_in, fields: Fields::default() }.into();
            observe(core, record, &problem);
        }
        Ok(fields)
    }
}

/// Gives limits names that are different.
fn tell_apart(limiters: &mut [Limiter]) {
    let names: Vec<_> = limiters.iter().map(|limiter| limiter.name.clone()).collect();
    for limiter in limiters {
        if names.iter().filter(|name| **name == limiter.name).count() > 1 {
            limiter.name = format!("{}-{}", limiter.name, seconds(limiter.limit.per));
        }
    }
}

impl Limiter {
    fn new(route: &str, options: &RateOptions, works: Works<'_>) -> Option<Self> {
        let named = works.config.rates.get_key_value(options.limit.trim());
        let (options, name) = match named {
            Some((name, named)) => (named, Some(name)),
            None => (options, None),
        };
        let limit: Limit = options.limit.parse().ok()?;
        let owner = match name {
            Some(name) => format!("rates.{name}"),
            None => format!("routes.{route}"),
        };
        let ledger_name = format!("{owner} {} {}s", limit.by, limit.per.as_secs_f64());
        let shared = match &options.shared {
            Some(redis) => Some(works.links.get(redis)?),
            None => None,
        };
        Some(Self {
            mode: options.mode,
            keys_max: options.keys_max,
            name: name.map_or_else(|| limit.by.name().to_owned(), Clone::clone),
            ledger: works.counted.ledgers.named(&ledger_name, || Ledger::new(options.keys_max)),
            shared: shared.map(|link| Shared::new(link, &limit, &ledger_name)),
            limit,
        })
    }

    /// What clients are told of it.
    fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.limit.calls, seconds(self.limit.per))
    }

    const fn room(&self, now: Duration) -> Room {
        Room { keys_max: self.keys_max, per: self.limit.per, now }
    }

    fn take(&self, asker: &Asker<'_>, now: Duration) -> Result<Quota, Quota> {
        let hash = self.ledger.hash(&asker.key(&self.limit.by));
        let Limit { calls, per, .. } = self.limit;
        self.ledger.table.with(hash, self.room(now), |entry| {
            match entry.window.take(calls, per, now) {
                Ok(left) => Ok(Quota { left, more_in: entry.window.more_in(per, now) }),
                Err(wait) => Err(Quota { left: 0, more_in: wait }),
            }
        })
    }

    /// A request that was let in by this limit was refused by another.
    fn give_back(&self, asker: &Asker<'_>, is_leased: bool) {
        let hash = self.ledger.hash(&asker.key(&self.limit.by));
        self.ledger.table.with_known(hash, |entry| {
            entry.window.give_back();
            if let Some(share) = entry.share.as_mut().filter(|_| is_leased) {
                share.give_back();
            }
        });
    }
}
