//! Ways that do on purpose what networks do: lose, repeat, mix up, delay and break off.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_domain::Call;
use ondol_doors::{Clock, Rng};

use crate::{About, CallFailure, Calls, Feed, FeedError, FeedPage, ReadFeed, Reply};

/// How often out of a hundred something goes wrong, each kind for itself.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// The request never arrives, or the answer does not come back.
    pub cut: u8,
    /// An event comes twice, or is asked twice.
    pub duplicate: u8,
    /// Two events come in the other order.
    pub reorder: u8,
    /// An event is missing.
    pub drop: u8,
    /// It takes a while.
    pub delay: u8,
}

impl Faults {
    /// Everything goes wrong often.
    pub const OFTEN: Self = Self { cut: 20, duplicate: 35, reorder: 20, drop: 15, delay: 10 };
}

/// The chance by which things go wrong, and the time that passes.
#[derive(Debug, Clone)]
struct Fate {
    faults: Faults,
    rng: Arc<dyn Rng>,
    clock: Arc<dyn Clock>,
}

impl Fate {
    fn strikes(&self, percent: u8) -> bool {
        let mut byte = [0; 2];
        self.rng.fill(&mut byte);
        u16::from_be_bytes(byte) % 100 < u16::from(percent)
    }

    async fn delay(&self) {
        if self.strikes(self.faults.delay) {
            self.clock.sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The network has failed, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the wire was cut on purpose")]
struct Cut;

/// A feed that comes over a faulty way.
#[derive(Debug)]
pub struct FaultyFeed {
    inner: Arc<dyn Feed>,
    fate: Fate,
}

impl FaultyFeed {
    /// A feed behind faults.
    pub fn new(
        inner: Arc<dyn Feed>,
        faults: Faults,
        rng: Arc<dyn Rng>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inner, fate: Fate { faults, rng, clock } }
    }

    /// Events at the end of a page are not dropped: only what comes after tells of a hole.
    fn spoil(&self, page: &mut FeedPage) {
        let (fate, faults) = (&self.fate, self.fate.faults);
        let mut at = 0;
        while at < page.events.len() {
            if at + 1 < page.events.len() && fate.strikes(faults.drop) {
                page.events.remove(at);
                continue;
            }
            if fate.strikes(faults.duplicate) {
                let again = page.events[at].clone();
                page.events.insert(at, again);
                at += 1;
            }
            if at > 0 && fate.strikes(faults.reorder) {
                page.events.swap(at - 1, at);
            }
            at += 1;
        }
    }
}

#[async_trait]
impl Feed for FaultyFeed {
    async fn read(&self, read: ReadFeed) -> Result<FeedPage, FeedError> {
        let cut = || FeedError::Unreachable { service: "far".to_owned(), source: Cut.into() };
        self.fate.delay().await;
        if self.fate.strikes(self.fate.faults.cut) {
            return Err(cut());
        }
        let mut page = self.inner.read(read).await?;
        if self.fate.strikes(self.fate.faults.cut) {
            return Err(cut());
        }
        self.spoil(&mut page);
        Ok(page)
    }
}

/// Calls that go over a faulty way.
#[derive(Debug)]
pub struct FaultyCalls {
    inner: Arc<dyn Calls>,
    fate: Fate,
}

impl FaultyCalls {
    /// Calls behind faults.
    pub fn new(
        inner: Arc<dyn Calls>,
        faults: Faults,
        rng: Arc<dyn Rng>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inner, fate: Fate { faults, rng, clock } }
    }

    fn cut(&self, call: &Call) -> Result<(), CallFailure> {
        if !self.fate.strikes(self.fate.faults.cut) {
            return Ok(());
        }
        let service = format!("{:?}", call.target);
        Err(CallFailure::Unreachable { service, source: Cut.into() })
    }
}

#[async_trait]
impl Calls for FaultyCalls {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.fate.delay().await;
        self.cut(call)?;
        let reply = self.inner.ask(call, about).await?;
        if self.fate.strikes(self.fate.faults.duplicate) {
            self.inner.ask(call, about).await?;
        }
        self.cut(call).map(|()| reply)
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.cut(call)?;
        let reply = self.inner.void(call, about).await?;
        self.cut(call).map(|()| reply)
    }
}
