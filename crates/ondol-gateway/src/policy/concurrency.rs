//! How many requests of one user, key or address may be under way at once.
//!
//! A request is under way until all of its answer has gone out, or its client has. What is kept is one
//! number for each key that has a request under way: connections bound it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};

use ondol_resilience::Mode;

use super::rate::{Asker, AtOnce};
use super::{NotMade, Works, observe};
use crate::config::{ConcurrencyOptions, Several};
use crate::gateway::{Core, Record};
use crate::problem::Problem;

const SHARDS: usize = 16;

/// The limits of a route.
#[derive(Debug)]
pub(crate) struct Concurrency(Vec<Limiter>);

#[derive(Debug)]
struct Limiter {
    at_once: AtOnce,
    mode: Mode,
    tally: Arc<Tally>,
}

/// How many are under way, by key.
#[derive(Debug)]
pub(crate) struct Tally {
    hasher: RandomState,
    shards: [Mutex<HashMap<u64, u32>>; SHARDS],
}

/// A request that is under way; when it is dropped, it no longer is.
#[derive(Debug)]
pub(crate) struct UnderWay {
    tally: Arc<Tally>,
    hash: u64,
}

impl Concurrency {
    /// Those of a route; none, if it has none that does anything.
    pub(crate) fn new(
        route: &str,
        options: &Several<ConcurrencyOptions>,
        works: Works<'_>,
    ) -> Result<Option<Self>, NotMade> {
        let limiters = options.iter().filter(|options| options.mode != Mode::Off);
        let limiters = limiters.map(|options| {
            let at_once: AtOnce = options.limit.parse().ok()?;
            let name = format!("routes.{route} {}", at_once.by);
            let tally = works.counted.tallies.named(&name, Tally::default);
            Some(Limiter { at_once, mode: options.mode, tally })
        });
        let limiters: Vec<_> = limiters.collect::<Option<_>>().ok_or(NotMade)?;
        Ok((!limiters.is_empty()).then_some(Self(limiters)))
    }

    /// Lets a request in that is not too much for any limit.
    pub(crate) fn admit(
        &self,
        core: &Core,
        record: &mut Record,
        asker: &Asker<'_>,
    ) -> Result<(), Problem> {
        for Limiter { at_once, mode, tally } in &self.0 {
            let hash = tally.hasher.hash_one(asker.key(&at_once.by));
            let (under_way, number) = Tally::enter(tally, hash);
            if number > at_once.calls {
                if *mode == Mode::Enforce {
                    return Err(Problem::TooManyAtOnce);
                }
                observe(core, record, &Problem::TooManyAtOnce);
            }
            record.is_under_way(under_way);
        }
        Ok(())
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Tally {
    fn shard(&self, hash: u64) -> MutexGuard<'_, HashMap<u64, u32>> {
        let number = usize::try_from(hash >> 60).expect("four bits are an index");
        self.shards[number].lock().expect("nobody panics while holding a shard")
    }

    /// One more is under way; how many that are.
    fn enter(tally: &Arc<Self>, hash: u64) -> (UnderWay, u32) {
        let mut shard = tally.shard(hash);
        let number = shard.entry(hash).or_default();
        *number += 1;
        (UnderWay { tally: Arc::clone(tally), hash }, *number)
    }

    fn leave(&self, hash: u64) {
        let mut shard = self.shard(hash);
        match shard.get_mut(&hash) {
            Some(under_way) if *under_way > 1 => *under_way -= 1,
            _ => drop(shard.remove(&hash)),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.tally.leave(self.hash);
    }
}
