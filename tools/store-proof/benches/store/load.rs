//! The load that every store is put under: the same events, streams and concurrency for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use ondol_bench::Stopwatch;
use ondol_kernel::{
    EventId, EventType, Metadata, NewEvent, Payload, Position, SchemaVersion, StreamId, Tag,
};
use ondol_store::{Append, Condition, EventStore, Expected};
use tokio::task::JoinSet;

/// The bytes of one event's data.
pub(crate) const PAYLOAD: usize = 200;

/// Which appends are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) in_flight: u64,
    pub(crate) streams: u64,
    pub(crate) events: u64,
    pub(crate) events_per_append: u64,
    pub(crate) is_conditional: bool,
    /// What was appended before: ids and receipts go on from here.
    pub(crate) before: u64,
}

impl Load {
    /// Single events into 100,000 streams.
    pub(crate) fn new(in_flight: u64, events: u64) -> Self {
        Self {
            in_flight,
            streams: 100_000,
            events,
            events_per_append: 1,
            is_conditional: false,
            before: 0,
        }
    }
}

/// What one caller knows. Callers share nothing: each makes names and data when it needs them, as
/// a service does for the requests that it gets.
#[derive(Debug)]
struct Caller {
    next: u64,
}

impl Caller {
    fn new(load: Load, caller: u64) -> Self {
        Self { next: load.before + caller + 1 }
    }

    /// All callers of a load.
    fn all(load: Load) -> impl Iterator<Item = Self> {
        (0..load.in_flight).map(move |caller| Self::new(load, caller))
    }

    fn append(&mut self, load: Load) -> anyhow::Result<Append> {
        let number = self.next;
        self.next += load.in_flight;
        let tags = match load.is_conditional {
            true => vec![Tag::new(format!("receipt:{number}"))?],
            false => Vec::new(),
        };
        let event_type = EventType::new("account.deposited")?;
        let event = |nth: u64| NewEvent {
            id: EventId::from_u128(u128::from(number) << 64 | u128::from(nth)),
            event_type: event_type.clone(),
            schema_version: SchemaVersion::FIRST,
            metadata: Metadata { tags: tags.clone(), ..Metadata::default() },
            data: Payload::json(Bytes::from(vec![b'7'; PAYLOAD])),
        };
        let events = (0..load.events_per_append).map(event).collect();
        let append = Append::to(stream(spread(number) % load.streams)?, Expected::Any, events);
        Ok(match load.is_conditional {
            true => append.when(Condition { tags, types: Vec::new(), after: Position::START }),
            false => append,
        })
    }
}

/// Numbers that come one after the other, far apart.
pub(crate) fn spread(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// The name of a stream.
pub(crate) fn stream(number: u64) -> anyhow::Result<StreamId> {
    // All names are of one length.
    Ok(StreamId::new("account", 10_000_000 + number)?)
}

/// Makes the appends, spread over the stores; answers how many events a second became durable.
pub(crate) async fn append(stores: &[Arc<dyn EventStore>], load: Load) -> anyhow::Result<f64> {
    let each = (load.events / load.events_per_append / load.in_flight).max(1);
    let mut tasks = JoinSet::new();
    let watch = Stopwatch::start();
    for (mut caller, store) in Caller::all(load).zip(stores.iter().cycle()) {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for _ in 0..each {
                store.append(caller.append(load)?).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(watch.rate(each * load.in_flight * load.events_per_append))
}

/// Makes appends for so many pieces of time; answers how many events became durable in each.
pub(crate) async fn append_for(
    store: &Arc<dyn EventStore>,
    load: Load,
    pieces: usize,
    piece: std::time::Duration,
) -> anyhow::Result<Vec<f64>> {
    let (done, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for mut caller in Caller::all(load) {
        let store = Arc::clone(store);
        let (done, is_over) = (Arc::clone(&done), Arc::clone(&is_over));
        tasks.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                store.append(caller.append(load)?).await?;
                done.fetch_add(load.events_per_append, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    let mut rates = Vec::new();
    for _ in 0..pieces {
        let (watch, before) = (Stopwatch::start(), done.load(Ordering::Relaxed));
        tokio::time::sleep(piece).await;
        rates.push(watch.rate(done.load(Ordering::Relaxed) - before));
    }
    is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(rates)
}
