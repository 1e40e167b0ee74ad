//! The load: which appends are made, and by how many at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ondol_bench::Stopwatch;
use ondol_kernel::{EventId, EventType, Metadata, NewEvent, Payload, SchemaVersion, StreamId, Tag};
use ondol_store::{Append, Condition, EventStore, Expected};
use ondol_store_postgres::PostgresStore;
use tokio::task::JoinSet;

/// Which appends are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) in_flight: u64,
    pub(crate) streams: u64,
    pub(crate) events: u64,
    pub(crate) is_conditional: bool,
}

impl Load {
    /// Single events into 100,000 streams.
    pub(crate) fn new(in_flight: u64, events: u64) -> Self {
        Self { in_flight, streams: 100_000, events, is_conditional: false }
    }
}

/// The stream of a number.
pub(crate) fn stream(number: u64) -> anyhow::Result<StreamId> {
    Ok(StreamId::new("account", format!("{number:08}"))?)
}

fn append_of(number: u64, load: Load, data: &Payload) -> anyhow::Result<Append> {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let stream = stream((mixed ^ (mixed >> 29)) % load.streams)?;
    let mut metadata = Metadata::default();
    if load.is_conditional {
        metadata.tags = vec![Tag::new(format!("receipt:{number}"))?];
    }
    let tag = metadata.tags.first().cloned();
    let event = NewEvent {
        id: EventId::from_u128(u128::from(number)),
        event_type: EventType::new("account.deposited")?,
        schema_version: SchemaVersion::FIRST,
        metadata,
        data: data.clone(),
    };
    let append = Append::to(stream, Expected::Any, vec![event]);
    Ok(match tag {
        Some(tag) => append.when(Condition::never(tag)),
        None => append,
    })
}

/// Makes the appends, spread over the stores; answers how many events a second became durable.
pub(crate) async fn append(stores: &[Arc<PostgresStore>], load: Load) -> anyhow::Result<f64> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let data = Payload::json(Bytes::from(vec![b'7'; 200]));
    let each = (load.events / load.in_flight).max(1);
    let mut tasks = JoinSet::new();
    let watch = Stopwatch::start();
    for (_, store) in (0..load.in_flight).zip(stores.iter().cycle()) {
        let (store, data) = (Arc::clone(store), data.clone());
        tasks.spawn(async move {
            for _ in 0..each {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                store.append(append_of(number, load, &data)?).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(watch.rate(each * load.in_flight))
}
