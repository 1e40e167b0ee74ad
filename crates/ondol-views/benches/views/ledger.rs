//! The log that is folded, and the view.

use std::path::Path;
use std::sync::Arc;

use ondol_domain::{Codec, Facts, Index, Keys, View};
use ondol_kernel::{EventId, Metadata, NewEvent, Recorded, StreamId, Timestamp};
use ondol_store::{Append, EventStore, Expected, StreamWrite};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_views::{Checkpoint, SourceCheckpoint};
use serde::{Deserialize, Serialize};

/// Streams of one append while the log is filled, and events for each.
const STREAMS: u64 = 100;
const EVENTS: u64 = 10;

/// What happens to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// Money came.
    Deposited { amount: i64, owner: String, memo: String },
}

impl Facts for Event {
    const KIND: &'static str = "account";
}

/// An account's statement.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Statement {
    owner: Option<String>,
    balance: i64,
    entries: u64,
    last_memo: String,
    last_time: Timestamp,
}

impl View for Statement {
    const NAME: &'static str = "statement";
    const VERSION: u32 = 1;
    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        let Event::Deposited { amount, owner, memo } = &event.data;
        self.owner.get_or_insert_with(|| owner.clone());
        self.balance += amount;
        self.entries += 1;
        self.last_memo.clone_from(memo);
        self.last_time = event.metadata.time;
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::equality("owner", |one: &Self| one.owner.as_deref().into()),
                Index::ordered("balance", |one: &Self| one.balance.into()),
            ]
        }
    }
}

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
        let encoded = self.codec.encode(&Event::Deposited {
            amount: i64::try_from(number % 1_000)?,
            owner: format!("owner-{:06}", number % 5_000),
            memo: format!(
                "{number:0>20} a transfer for something that was bought in a shop, in {}",
                "x".repeat(50)
            ),
        })?;
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

    /// Appends so many events, one to an account each, and says where the last one stands.
    pub(crate) async fn append_some(
        &self,
        from: u64,
        count: u64,
    ) -> anyhow::Result<SourceCheckpoint> {
        let mut last = self.log.head().await?;
        for first in (from..from + count).step_by(usize::try_from(STREAMS)?) {
            let writes = (first..(first + STREAMS).min(from + count)).map(|at| self.write(at, 1));
            let writes = writes.collect::<anyhow::Result<_>>()?;
            let appended = self.log.append(Append { writes, ..Append::default() }).await?;
            last.position = appended.outcome.last();
        }
        let checkpoint = Checkpoint { epoch: last.epoch, position: last.position };
        Ok(SourceCheckpoint { source: "bank".parse()?, checkpoint })
    }
}
