//! Working off a stream that was parked: the event that was in the way, and all that waited
//! behind it, in order. They are read from the feed once more; other streams flow meanwhile.

use ondol_bus::Follower;
use ondol_kernel::Position;
use ondol_store::LogEpoch;

use super::act::{Acted, Delivered};
use super::attend::Poison;
use super::deal::Dealing;
use super::lanes::LaneKey;

/// Events that are read at a time.
const PAGE_EVENTS: usize = 1_000;

/// What is to be worked off.
#[derive(Debug)]
pub(super) struct Drain {
    pub(super) key: LaneKey,
    pub(super) epoch: Option<LogEpoch>,
    pub(super) from: Position,
    pub(super) until: Position,
}

/// How far it has come.
#[derive(Debug)]
pub(super) struct Drained {
    pub(super) key: LaneKey,
    pub(super) acted: Acted,
    /// Up to where all is done, or what is in the way now.
    pub(super) end: Result<Position, (Position, Poison)>,
}

pub(super) async fn drain(dealing: &Dealing, drain: Drain) -> Drained {
    let Drain { key, epoch, from, until } = drain;
    let mut acted = Acted::default();
    let end = drain_into(dealing, &key, (epoch, from, until), &mut acted).await;
    Drained { key, acted, end }
}

async fn drain_into(
    dealing: &Dealing,
    (at, stream): &LaneKey,
    (epoch, from, until): (Option<LogEpoch>, Position, Position),
    acted: &mut Acted,
) -> Result<Position, (Position, Poison)> {
    let source = &dealing.sources[*at];
    let (mut seen, mut failures) = (from.previous().unwrap_or_default(), 0_u32);
    let (feed, types) = (source.feed.clone(), source.types.clone());
    let mut follower = Follower::new(feed, seen, epoch, types, PAGE_EVENTS);
    while seen < until {
        let followed = match follower.next(std::time::Duration::ZERO).await {
            Ok(followed) => followed,
            Err(error) if error.may_be_read_again() => {
                failures = failures.saturating_add(1);
                let attending = &dealing.attending;
                attending.clock.sleep(attending.options.pause(failures)).await;
                continue;
            }
            Err(error) => {
                let reason = format!("{}: {}", error.code(), crate::error_chain(&error));
                return Err((from, Poison { reason, tries: 1 }));
            }
        };
        failures = 0;
        let (epoch, name) = (followed.epoch, &source.name);
        let mine = followed.events.into_iter().filter(|event| event.stream == *stream);
        for event in mine.take_while(|event| event.position <= until) {
            let position = event.position;
            let delivered = Delivered { source: name.clone(), epoch, event };
            let dealt = dealing.deal_again(&delivered).await;
            let one = dealt.map_err(|poison| (position, poison))?;
            acted.done += one.done;
            acted.refused += one.refused;
        }
        seen = followed.seen;
    }
    Ok(until)
}
