//! The log that is folded.

use std::path::Path;
use std::sync::Arc;

use ondol_domain::Codec;
use ondol_kernel::{EventId, Metadata, NewEvent, StreamId, Timestamp};
use ondol_store::{Append, EventStore, Expected, StreamWrite};
use ondol_store_disk::{DiskStore, Doors, Options};

use super::account::{Event, deposited};

/// Streams of one append while the log is filled, and events for each.
const STREAMS: u64 = 100;
const EVENTS: u64 = 10;

/// The log.
pub(crate) struct Ledger {
    pub(crate) log: Arc<DiskStore>,
    pub(crate) accounts: u64,
    codec: Codec<Event>,
}

/// The key of an account.
pub(crate) fn account(number: u64) -> String {
    format!("0192f0a0-0000-7000-8000-{:012x}", number.wrapping_mul(0x9e37_79b9_7f4a) % (1 << 48))
}

impl Ledger {
    /// A log of so many events, spread over so many accounts.
    pub(crate) async fn filled(folder: &Path, accounts: u64, events: u64) -> anyhow::Result<Self> {
        let options = Options::in_folder(folder.join("log"));
        let log = Arc::new(DiskStore::open(&options, &Doors::default())?);
        let ledger = Self { log, accounts, codec: Codec::new()? };
        for round in 0..events / (STREAMS * EVENTS) {
            let writes = (0..STREAMS).map(|at| ledger.write(round * STREAMS + at, EVENTS));
            let writes = writes.collect::<anyhow::Result<_>>()?;
            ledger.log.append(Append { writes, ..Append::default() }).await?;
        }
        Ok(ledger)
    }

    fn write(&self, number: u64, events: u64) -> anyhow::Result<StreamWrite> {
        let of = number % self.accounts;
        let new = (0..events).map(|at| self.event(number * EVENTS + at));
        Ok(StreamWrite {
            stream: StreamId::new("account", account(of))?,
            expected: Expected::Any,
            events: new.collect::<anyhow::Result<_>>()?,
        })
    }

    fn event(&self, number: u64) -> anyhow::Result<NewEvent> {
        let encoded = self.codec.encode(&deposited(number))?;
        let time = Timestamp::from_micros(i64::try_from(number)?)?;
        Ok(NewEvent {
            id: EventId::from_u128(number.into()),
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            metadata: Metadata { time, ..Metadata::default() },
            data: encoded.payload,
        })
    }

    pub(crate) async fn head(&self) -> anyhow::Result<u64> {
        Ok(self.log.head().await?.position.get())
    }
}
