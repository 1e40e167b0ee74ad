//! The load that every store is put under: the same events, streams and concurrency for all.

use std::sync::Arc;

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
}

impl Load {
    /// Single events into 100,000 streams.
    pub(crate) fn new(in_flight: u64, events: u64) -> Self {
        Self { in_flight, streams: 100_000, events, events_per_append: 1, is_conditional: false }
    }
}

/// What one caller makes its events of. Callers share the names of streams and nothing else, as
/// those of a service do.
#[derive(Debug)]
struct Material {
    streams: Arc<Vec<StreamId>>,
    event_type: EventType,
    data: Payload,
    next: u64,
    step: u64,
}

impl Material {
    fn new(streams: &Arc<Vec<StreamId>>, caller: u64, callers: u64) -> anyhow::Result<Self> {
        Ok(Self {
            streams: Arc::clone(streams),
            event_type: EventType::new("account.deposited")?,
            data: Payload::json(Bytes::from(vec![b'7'; PAYLOAD])),
            next: caller + 1,
            step: callers,
        })
    }

    fn append(&mut self, load: Load) -> anyhow::Result<Append> {
        let number = self.next;
        self.next += self.step;
        let at = usize::try_from(spread(number) % load.streams)?;
        let mut metadata = Metadata::default();
        if load.is_conditional {
            metadata.tags = vec![Tag::new(format!("receipt:{number}"))?];
        }
        let tags = metadata.tags.clone();
        let event = |nth: u64| NewEvent {
            id: EventId::from_u128(u128::from(number) << 64 | u128::from(nth)),
            event_type: self.event_type.clone(),
            schema_version: SchemaVersion::FIRST,
            metadata: metadata.clone(),
            data: self.data.clone(),
        };
        let events = (0..load.events_per_append).map(event).collect();
        let append = Append::to(self.streams[at].clone(), Expected::Any, events);
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

/// Makes the appends; answers how many events a second became durable.
pub(crate) async fn append(store: Arc<dyn EventStore>, load: Load) -> anyhow::Result<f64> {
    let named = (0..load.streams).map(|number| StreamId::new("account", format!("{number:08}")));
    let streams = Arc::new(named.collect::<Result<Vec<_>, _>>()?);
    let each = load.events / load.events_per_append / load.in_flight;
    let mut tasks = JoinSet::new();
    let watch = Stopwatch::start();
    for caller in 0..load.in_flight {
        let store = Arc::clone(&store);
        let mut material = Material::new(&streams, caller, load.in_flight)?;
        tasks.spawn(async move {
            for _ in 0..each {
                store.append(material.append(load)?).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(watch.rate(each * load.in_flight * load.events_per_append))
}
