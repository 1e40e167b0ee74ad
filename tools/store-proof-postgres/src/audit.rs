//! Holding a log against what everyone was told.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{Envelope, EventId, Position, StreamId, Version};
use ondol_store::{EventStore, ReadAll};
use ondol_store_postgres::PostgresStore;

use crate::writers::{Answer, Seen, Told, what};

/// How long subscribers may take to see all that is there.
const CATCH_UP_MAX: Duration = Duration::from_secs(20);

/// Everything that is in a log.
pub(crate) async fn read(store: &PostgresStore) -> anyhow::Result<Vec<Envelope>> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(ReadAll::after(after, 10_000)).await?;
        events.extend(page.events);
        after = page.seen;
        if page.seen == page.head {
            return Ok(events);
        }
    }
}

/// Positions in the log and versions in each stream count from one, without gaps.
pub(crate) fn is_dense(log: &[Envelope]) -> anyhow::Result<()> {
    let mut versions: HashMap<&StreamId, Version> = HashMap::new();
    for (event, expected) in log.iter().zip(1..) {
        let found = event.position.get();
        ensure!(found == expected, "position {expected} is missing: {found} comes next");
        let version = versions.entry(&event.stream).or_insert(Version::EMPTY);
        *version = version.next();
        let (stream, found) = (&event.stream, event.version);
        ensure!(found == *version, "version {version} of {stream} is missing: {found} comes next");
    }
    Ok(())
}

/// What was acknowledged is there, once and where it was said to be; what was refused is not.
pub(crate) fn is_as_told(log: &[Envelope], told: &[Told]) -> anyhow::Result<()> {
    let mut places: HashMap<EventId, Vec<Position>> = HashMap::new();
    for event in log {
        places.entry(event.id).or_default().push(event.position);
    }
    for Told { event, answer } in told {
        let found = places.get(event).map_or(&[][..], Vec::as_slice);
        match (answer, found) {
            (Answer::Acknowledged(at), [place]) if at == place => {}
            (Answer::Acknowledged(at), []) => bail!("lost: {event}, acknowledged at {at}"),
            (Answer::Acknowledged(at), _) => {
                bail!("{event} was acknowledged at {at} and is at {found:?}")
            }
            (Answer::Refused, []) | (Answer::Unknown, [] | [_]) => {}
            (Answer::Refused | Answer::Unknown, _) => {
                bail!("{event} was {answer:?} and is at {found:?}")
            }
        }
    }
    Ok(())
}

/// Every subscriber comes to see exactly what is there, in order.
pub(crate) async fn is_as_seen(log: &[Envelope], seen: &[Seen]) -> anyhow::Result<()> {
    let clock = SystemClock::start();
    let expected: Vec<_> = log.iter().map(|event| (event.position, event.id)).collect();
    let last = log.last().map(|event| event.position);
    for (number, seen) in seen.iter().enumerate() {
        while what(seen).last().map(|(position, _)| *position) < last {
            ensure!(
                clock.running() < CATCH_UP_MAX,
                "subscriber {number} has not come to position {last:?}"
            );
            clock.sleep(Duration::from_millis(5)).await;
        }
        is_same(&what(seen), &expected).with_context(|| format!("subscriber {number}"))?;
    }
    Ok(())
}

fn is_same(seen: &[(Position, EventId)], expected: &[(Position, EventId)]) -> anyhow::Result<()> {
    let differs = seen.iter().zip(expected).find(|(seen, expected)| seen != expected);
    if let Some(((seen, _), (expected, _))) = differs {
        bail!("it saw position {seen} in place of {expected}");
    }
    ensure!(seen.len() == expected.len(), "it saw {} of {}", seen.len(), expected.len());
    Ok(())
}
