//! Following a feed over a way that does its worst.

use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::{Envelope, Position};

use super::made_up::{Bells, Inner, SERVICE};
use super::{Faults, FaultyFeed, Way};
use crate::{Feed, Followed, Follower, ReadFeed};

const EVENTS: u32 = 300;

async fn ring(bells: &Bells, events: u32) {
    for number in 0..events {
        let bell = format!("bell {}", number % 7);
        let inner = match number % 4 {
            0 => Inner::Oiled,
            times => Inner::Rung { times },
        };
        bells.happens(&bell, inner).await;
    }
}

async fn near(bells: &Bells) -> Vec<Arc<Envelope>> {
    let all = ReadFeed::after(Position::START, 1_000);
    let page = bells.ends().feed.read(all).await.expect("it is read");
    page.events.into_iter().map(|one| one.event).collect()
}

/// Reads on for as long as the way may pass again.
async fn next(follower: &mut Follower, wait: Duration) -> Followed {
    loop {
        match follower.next(wait).await {
            Ok(followed) => return followed,
            Err(error) => assert!(error.may_be_read_again(), "{error:?}"),
        }
    }
}

fn followed(feed: Arc<dyn Feed>, after: Position, limit: usize) -> Follower {
    Follower::new(feed, after, None, Vec::new(), limit)
}

pub async fn every_event_comes_once_and_in_order_over_a_faulty_way(way: &impl Way) {
    let bells = Bells::new();
    ring(&bells, EVENTS).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let (rng, clock) = bells.doors();
    let faulty = Arc::new(FaultyFeed::new(far.feed, Faults::OFTEN, rng, clock));
    let mut follower = followed(faulty, Position::START, 17);
    let (mut seen, mut events) = (Position::START, Vec::new());
    while seen < Position::new(EVENTS.into()) {
        let followed = next(&mut follower, Duration::ZERO).await;
        seen = followed.seen;
        events.extend(followed.events);
    }
    assert_eq!(events, near(&bells).await);
}

pub async fn a_slow_follower_misses_nothing_and_holds_up_nobody(way: &impl Way) {
    let bells = Bells::new();
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let mut slow = followed(Arc::clone(&far.feed), Position::START, 3);
    ring(&bells, 20).await;
    let mut events = next(&mut slow, Duration::ZERO).await.events;
    // Far more is written while nothing is taken, and another one is told all of it.
    ring(&bells, EVENTS).await;
    let mut quick = followed(far.feed, Position::START, 1_000);
    let mut taken = Vec::new();
    while taken.len() < near(&bells).await.len() {
        taken.extend(next(&mut quick, Duration::ZERO).await.events);
    }
    let mut seen = Position::START;
    while seen < Position::new(u64::from(EVENTS) + 20) {
        let followed = next(&mut slow, Duration::ZERO).await;
        seen = followed.seen;
        events.extend(followed.events);
    }
    assert_eq!(events, near(&bells).await);
    assert_eq!(taken, events);
}

pub async fn a_follower_that_begins_anew_goes_on_where_it_stood(way: &impl Way) {
    let bells = Bells::new();
    ring(&bells, EVENTS).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let (mut seen, mut events) = (Position::START, Vec::new());
    while seen < Position::new(EVENTS.into()) {
        let mut follower = followed(Arc::clone(&far.feed), seen, 23);
        let followed = next(&mut follower, Duration::ZERO).await;
        seen = followed.seen;
        events.extend(followed.events);
    }
    assert_eq!(events, near(&bells).await);
}
