//! Narrowing the choice, and choosing. Neither allocates.

use std::sync::atomic::Ordering;

use super::{Balancer, BalancerOptions, ENDPOINTS_MAX, Member, Members, Strategy};
use crate::{
    Context, Mode, Tick,
    random::{mix, unit_of},
    sync::lock,
};

const WORDS: usize = ENDPOINTS_MAX / 64;

/// A set of endpoints by their place in the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    words: [u64; WORDS],
    len: usize,
}

impl Set {
    fn of(members: &Members, belongs: impl Fn(usize, &Member) -> bool) -> Self {
        let mut set = Self { words: [0; WORDS], len: 0 };
        for (index, member) in members.list.iter().enumerate() {
            if belongs(index, member) {
                set.words[index / 64] |= 1 << (index % 64);
                set.len += 1;
            }
        }
        set
    }

    const fn has(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(place, word)| Bits(*word).map(move |bit| place * 64 + bit))
    }

    fn nth(&self, turn: usize) -> Option<usize> {
        self.iter().nth(turn)
    }
}

/// The places of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let place = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(place as usize)
    }
}

/// Whether a part is at least this share of a whole.
#[expect(clippy::cast_precision_loss, reason = "numbers of endpoints")]
fn at_least(part: usize, share: f64, whole: usize) -> bool {
    part as f64 >= share * whole as f64
}

impl Balancer {
    /// The endpoints that come into question, and whether health is ignored.
    pub(super) fn narrow(
        &self,
        options: &BalancerOptions,
        members: &Members,
        context: &Context,
        now: Tick,
    ) -> (Set, bool) {
        let all = Set::of(members, |_, _| true);
        if options.mode != Mode::Enforce {
            return (all, false);
        }
        let is_out = self.is_out(now);
        let mut set = Set::of(members, |_, member| !is_out(member));
        let panic =
            all.len > 0 && (set.len == 0 || !at_least(set.len, options.panic_below, all.len));
        if panic {
            set = all;
        }
        if let Some(zone) = &options.zone {
            let here = |member: &Member| member.endpoint.zone.as_ref() == Some(zone);
            let local = Set::of(members, |index, member| set.has(index) && here(member));
            let in_zone = members.list.iter().filter(|member| here(member)).count();
            if local.len > 0 && at_least(local.len, options.zone_share_min, in_zone) {
                set = local;
            }
        }
        if let Some(tried) = context.tried.as_ref().filter(|_| context.attempt > 0) {
            let fresh = Set::of(members, |index, member| set.has(index) && !tried.has(member.hash));
            if fresh.len > 0 {
                set = fresh;
            }
        }
        (set, panic)
    }

    pub(super) fn choose(
        &self,
        options: &BalancerOptions,
        members: &Members,
        set: &Set,
        key: u64,
        now: Tick,
    ) -> Option<usize> {
        if set.len <= 1 {
            return set.nth(0);
        }
        let strategy =
            if options.mode == Mode::Enforce { options.strategy } else { Strategy::RoundRobin };
        let weight = |index: usize| members.list[index].weight(options.slow_start, now);
        match strategy {
            Strategy::RoundRobin => self.round_robin(set),
            Strategy::Weighted => weighted(members, set, weight),
            Strategy::LeastRequests => self.least(set, |index| {
                (f64::from(members.list[index].in_flight()) + 1.0) / weight(index)
            }),
            Strategy::PeakEwma => self.better_of_two(set, |index| {
                let member = &members.list[index];
                let cost = lock!(member.known.load).cost(options, now, member.in_flight());
                cost / weight(index)
            }),
            Strategy::Hash => hashed(options, members, set, key, weight),
        }
    }

    fn round_robin(&self, set: &Set) -> Option<usize> {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed) % set.len as u64;
        set.nth(usize::try_from(turn).expect("a turn within the set is an index"))
    }

    /// The least, and of several least ones any.
    fn least(&self, set: &Set, cost: impl Fn(usize) -> f64) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        let mut equals = 1;
        for index in set.iter() {
            let cost = cost(index);
            match best {
                Some((_, least)) if cost > least => {}
                Some((_, least)) if cost.total_cmp(&least).is_eq() => {
                    equals += 1;
                    if self.0.core.doors.random.below(equals) == 0 {
                        best = Some((index, cost));
                    }
                }
                _ => {
                    best = Some((index, cost));
                    equals = 1;
                }
            }
        }
        best.map(|(index, _)| index)
    }

    fn better_of_two(&self, set: &Set, cost: impl Fn(usize) -> f64) -> Option<usize> {
        let random = &self.0.core.doors.random;
        let first = random.below(set.len);
        let second = (first + 1 + random.below(set.len - 1)) % set.len;
        let (first, second) = (set.nth(first)?, set.nth(second)?);
        Some(if cost(second) < cost(first) { second } else { first })
    }
}

/// Smooth weighting: each saves up its weight, the richest is chosen and pays for all.
fn weighted(members: &Members, set: &Set, weight: impl Fn(usize) -> f64) -> Option<usize> {
    let mut saved = lock!(members.saved);
    let mut total = 0.0;
    let mut richest: Option<usize> = None;
    for index in set.iter() {
        let weight = weight(index);
        total += weight;
        saved[index] += weight;
        if richest.is_none_or(|richest| saved[index] > saved[richest]) {
            richest = Some(index);
        }
    }
    saved[richest?] -= total;
    richest
}

/// Rendezvous hashing by weight: each endpoint draws a number from the key and its own name, and the
/// best draw that still has room is chosen.
fn hashed(
    options: &BalancerOptions,
    members: &Members,
    set: &Set,
    key: u64,
    weight: impl Fn(usize) -> f64,
) -> Option<usize> {
    let total_weight: f64 = set.iter().map(&weight).sum();
    let in_flight: f64 = set.iter().map(|index| f64::from(members.list[index].in_flight())).sum();
    let has_room = |index: usize| match options.hash_load_max {
        None => true,
        Some(load) => {
            let fair = (in_flight + 1.0) * weight(index) / total_weight;
            f64::from(members.list[index].in_flight()) < (load * fair).ceil()
        }
    };
    let draw = |index: usize| {
        let unit = unit_of(mix(key ^ members.list[index].hash)).max(f64::MIN_POSITIVE);
        -weight(index) / unit.ln()
    };
    // Somebody is below the fair share, so somebody has room.
    set.iter()
        .filter(|index| has_room(*index))
        .max_by(|one, other| draw(*one).total_cmp(&draw(*other)))
}
