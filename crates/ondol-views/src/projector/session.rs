//! One run of the fold over its logs, from the checkpoint on, until something goes wrong.
//!
//! Three things go on at the same time: pages are read ahead, one page is folded, one chunk is
//! written. They are in step by queues with limits. A session that fails is thrown away whole;
//! the next one begins at the checkpoint that the store has, so a commit whose outcome got lost
//! is settled by looking.

mod forgetting;
mod mending;

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::View;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::arena::Arena;
use super::build::Build;
use super::fold::{Chunk, Fold, Poisoned};
use super::kept::document_of;
use super::pages::{Page, read_ahead};
use super::repair::Repair;
use super::replay::{Documents, Range, Replayed};
use super::state::{Pace, Phase};
use super::{FollowError, Progress};
use crate::{Change, Checkpoint, SourceCheckpoint, Write, WriteError, checkpoint_of};

pub(super) use forgetting::is_over;

/// Events of a page that are folded where they are; more are folded off the runtime.
const FOLDED_HERE_MAX: usize = 256;
/// A view that is so many events behind at most follows its log: whatever is folded is written as
/// soon as the write before is made. Further behind, few large writes get on faster.
const FOLLOWING_EVENTS_MAX: u64 = 50_000;

pub(super) struct Session<'a, V: View> {
    core: &'a Build<V>,
    fold: Option<Box<Fold<V>>>,
    pages: mpsc::Receiver<Page<V::Event>>,
    readers: JoinSet<FollowError>,
    writes: JoinSet<Result<(), WriteError>>,
    /// What the write that is on its way makes of the checkpoints.
    on_its_way: Vec<Checkpoint>,
    committed: Vec<Option<Checkpoint>>,
    is_live: Vec<bool>,
    /// Whether something is to be written as soon as the write before is made.
    is_owing: bool,
    last_cut: Duration,
    /// When is next looked for documents whose time is over, by the clock's running time.
    forgets_at: Duration,
    pace: Pace,
}

impl<'a, V: View> Session<'a, V> {
    /// Finds out where to begin, and begins to read ahead.
    pub(super) async fn open(core: &'a Build<V>) -> Result<Self, FollowError> {
        let (kept, parked) = core.stands().await?;
        let mut chunk = Chunk {
            from: Vec::new(),
            seen: Vec::new(),
            parking: Vec::new(),
            poisoned: Vec::new(),
            events: 0,
        };
        for source in &core.reading.sources {
            let folded = checkpoint_of(&kept.checkpoints, &source.name);
            let head = source.head(folded).await?;
            let start = Checkpoint { epoch: head.epoch, position: ondol_kernel::Position::START };
            chunk.from.push(folded);
            chunk.seen.push(folded.unwrap_or(start));
        }
        let (ahead, pages) = mpsc::channel(core.options.pages_ahead_max);
        let mut readers = JoinSet::new();
        for (number, seen) in chunk.seen.iter().enumerate() {
            readers.spawn(read_ahead::<V>(core.ahead(number), *seen, ahead.clone()));
        }
        let is_empty = kept.documents == 0 && chunk.from.iter().all(Option::is_none);
        let options = &core.options;
        let arena = Arena::new(is_empty, options.cache_documents_max, options.cache_bytes_max);
        let now = core.clock.running();
        let session = Self {
            core,
            committed: chunk.from.clone(),
            on_its_way: Vec::new(),
            is_live: vec![false; chunk.seen.len()],
            fold: Some(Box::new(Fold {
                view: core.view.clone(),
                sources: core.reading.sources.iter().map(|source| source.name.clone()).collect(),
                arena,
                parked,
                limits: *core.views.limits(),
                chunk,
            })),
            pages,
            readers,
            writes: JoinSet::new(),
            is_owing: false,
            last_cut: now,
            forgets_at: now,
            pace: Pace::begin(now),
        };
        session.tell();
        Ok(session)
    }

    /// Folds on until it is told to stop or something goes wrong.
    pub(super) async fn run(
        mut self,
        repairs: &mut mpsc::Receiver<Repair>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), FollowError> {
        if self.committed.iter().any(Option::is_none) {
            // That a log is empty so far is something to know, too.
            self.settle().await?;
        }
        loop {
            let (ripens, forgets) = (self.ripens(), self.is_time_to_forget());
            tokio::select! {
                biased;
                () = told_to_stop(stop) => return self.settle().await,
                Some(written) = self.writes.join_next() => {
                    self.has_written(written.map_err(joined("the write")))?;
                    if self.is_owing && self.is_ripe() {
                        self.cut().await?;
                    }
                }
                () = ripens, if self.is_owing && self.writes.is_empty() => {
                    self.cut().await?;
                }
                Some(failed) = self.readers.join_next() => {
                    return Err(failed.unwrap_or_else(joined("the reader")));
                }
                Some(repair) = repairs.recv() => self.repair(repair).await?,
                () = forgets, if V::KEPT_UNTIL.is_some() => self.forget().await?,
                Some(page) = self.pages.recv() => self.take(page).await?,
            }
        }
    }

    async fn take(&mut self, page: Page<V::Event>) -> Result<(), FollowError> {
        let Page { source, items, seen, is_live } = page;
        let (count, now) = (items.len(), self.core.clock.now());
        let before = self.fold().chunk.seen[source].position;
        let (items, slots, missing) = self
            .on_fold(count, move |fold| {
                let slots = fold.resolve(&items);
                let missing = fold.arena.take_missing();
                (items, slots, missing)
            })
            .await?;
        let loaded = self.load(missing.1).await?;
        self.on_fold(count, move |fold| {
            for (at, document) in missing.0.into_iter().zip(loaded) {
                fold.arena.fill(at, document);
            }
            fold.apply(source, (&items, seen), &slots, now)
        })
        .await??;
        self.pace.add(seen.get().saturating_sub(before.get()));
        self.is_live[source] = is_live;
        self.is_owing |= is_live || self.is_following();
        let is_free = self.writes.is_empty();
        if self.is_due() || (self.is_owing && is_free && self.is_ripe()) {
            return self.cut().await;
        }
        Ok(())
    }

    /// Whether the view is hardly behind its logs.
    fn is_following(&self) -> bool {
        let seen = self.fold_ref().chunk.seen.iter().zip(&self.core.reading.sources);
        let behind = seen.map(|(seen, source)| {
            let head = source.log.watch().borrow().position;
            head.get().saturating_sub(seen.position.get())
        });
        behind.sum::<u64>() <= FOLLOWING_EVENTS_MAX
    }

    async fn load(
        &self,
        keys: Vec<crate::DocumentKey>,
    ) -> Result<Vec<Option<crate::Document>>, FollowError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.core.views.load(&self.core.view, keys).await?.documents)
    }

    /// Whether enough has been folded for a commit although more is to come.
    fn is_due(&self) -> bool {
        let (options, fold) = (&self.core.options, self.fold_ref());
        let age = self.core.clock.running().saturating_sub(self.last_cut);
        fold.chunk.events >= options.chunk_events_max
            || fold.arena.dirty_count() >= options.chunk_documents_max
            || fold.arena.is_full()
            || age >= Duration::from_millis(options.chunk_ms_max)
    }

    /// Whether what is folded has waited for long enough to be written.
    fn is_ripe(&self) -> bool {
        self.core.clock.running().saturating_sub(self.last_cut) >= V::GATHERS
    }

    /// Comes to its end once that is so.
    fn ripens(&self) -> impl Future<Output = ()> + Send + use<V> {
        let (clock, last_cut) = (Arc::clone(&self.core.clock), self.last_cut);
        async move {
            let waited = clock.running().saturating_sub(last_cut);
            clock.sleep(V::GATHERS.saturating_sub(waited)).await;
        }
    }

    /// Writes what has been folded, once the write before has come to its end.
    async fn cut(&mut self) -> Result<(), FollowError> {
        self.finish_write().await?;
        self.is_owing = false;
        let changed = self.fold().arena.dirty_count();
        let (now, from) = (self.core.clock.now(), self.fold().chunk.from.clone());
        let (mut write, poisoned) = self
            .on_fold(changed, move |fold| {
                fold.arena.evict();
                fold.cut(now)
            })
            .await??;
        if !poisoned.is_empty() {
            write.changes.extend(self.restore(&from, poisoned).await?);
        }
        self.last_cut = self.core.clock.running();
        self.on_its_way = write.advances.iter().map(|advance| advance.to).collect();
        self.send(write);
        Ok(())
    }

    fn send(&mut self, write: Write) {
        let is_idle = write.advances.iter().all(|advance| advance.from == Some(advance.to))
            && write.changes.is_empty()
            && write.parking.is_empty();
        if !is_idle {
            let views = self.core.views.clone();
            self.writes.spawn(async move { views.write(write).await });
        }
    }

    async fn finish_write(&mut self) -> Result<(), FollowError> {
        while let Some(written) = self.writes.join_next().await {
            self.has_written(written.map_err(joined("the write")))?;
        }
        Ok(())
    }

    fn has_written(
        &mut self,
        written: Result<Result<(), WriteError>, FollowError>,
    ) -> Result<(), FollowError> {
        written??;
        self.committed = self.on_its_way.iter().copied().map(Some).collect();
        self.tell();
        Ok(())
    }

    /// Writes everything that has been folded, and waits for it.
    async fn settle(&mut self) -> Result<(), FollowError> {
        self.cut().await?;
        self.finish_write().await
    }

    /// Folds again what had changed before a poison event came, up to the event before it.
    async fn restore(
        &self,
        from: &[Option<Checkpoint>],
        poisoned: Vec<Poisoned>,
    ) -> Result<Vec<Change>, FollowError> {
        let keys: Vec<_> = poisoned.iter().map(|one| one.key.clone()).collect();
        let stored = self.load(keys).await?;
        let until = |key: &str, source: usize| {
            poisoned.iter().find(|one| one.key.as_str() == key).map(|one| one.until[source])
        };
        let after = |source: usize| from[source].map(|from| from.position).unwrap_or_default();
        let ranges: Vec<Range> = (0..from.len())
            .filter_map(|source| {
                let until = poisoned.iter().map(|one| one.until[source]).max()?;
                Some(Range { source, after: after(source), until })
            })
            .collect();
        let mut seeds = Documents::new();
        let mut had = Vec::new();
        for (one, document) in poisoned.iter().zip(stored) {
            had.push((one.key.clone(), document.as_ref().map(|one| one.entries.clone())));
            if let Some(seed) = document.and_then(|document| Replayed::of(document).ok()) {
                seeds.insert(one.key.clone(), seed);
            }
        }
        let wants = |source: usize, item: &super::read::Item<V::Event>, key: &str| {
            until(key, source).is_some_and(|until| item.position <= until)
        };
        let (mut documents, _) = self.core.reading.replay(&ranges, seeds, wants).await?;
        let limits = self.core.views.limits();
        let changes = had.into_iter().filter_map(|(key, entries)| {
            let document = documents.remove(&key)?;
            let kept = document_of(&key, &document.state, document.last?, limits).ok()?;
            Some(Change::put(kept, entries.as_deref()))
        });
        Ok(changes.collect())
    }

    fn committed(&self) -> Vec<SourceCheckpoint> {
        let all = self.core.reading.sources.iter().zip(&self.committed);
        all.filter_map(|(source, checkpoint)| {
            Some(SourceCheckpoint { source: source.name.clone(), checkpoint: (*checkpoint)? })
        })
        .collect()
    }

    /// Says how it stands.
    fn tell(&self) {
        let folded = |at: usize| self.committed[at].map_or(0, |folded| folded.position.get());
        let behind = self.core.reading.sources.iter().enumerate().map(|(at, source)| {
            source.log.watch().borrow().position.get().saturating_sub(folded(at))
        });
        let behind = behind.sum();
        let (events_per_second, left) = self.pace.measure(self.core.clock.running(), behind);
        let is_live = self.is_live.iter().all(|is_live| *is_live) || behind == 0;
        self.core.state.send_replace(Progress {
            view: self.core.view.clone(),
            phase: if is_live { Phase::Live } else { Phase::CatchingUp },
            checkpoints: self.committed(),
            behind: Some(behind),
            events_per_second,
            left,
            failure: None,
        });
    }

    fn fold(&mut self) -> &mut Fold<V> {
        self.fold.as_mut().expect("the fold is here unless it is being folded")
    }

    fn fold_ref(&self) -> &Fold<V> {
        self.fold.as_ref().expect("the fold is here unless it is being folded")
    }

    /// Works on the fold: a little work here, much of it off the runtime.
    async fn on_fold<T: Send + 'static>(
        &mut self,
        amount: usize,
        work: impl FnOnce(&mut Fold<V>) -> T + Send + 'static,
    ) -> Result<T, FollowError> {
        if amount <= FOLDED_HERE_MAX {
            return Ok(work(self.fold()));
        }
        let mut fold = self.fold.take().expect("the fold is here unless it is being folded");
        let work = tokio::task::spawn_blocking(move || {
            let answer = work(&mut fold);
            (fold, answer)
        });
        let (fold, answer) = work.await.map_err(joined("the fold"))?;
        self.fold = Some(fold);
        Ok(answer)
    }
}

/// Comes to its end when it is to stop, or when nobody is left who could say so.
pub(super) async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Whether something was mended is not known.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("whether a repair was made is not known")]
struct RepairUnsettled;

/// A task that has not come to its end.
fn joined(task: &'static str) -> impl Fn(tokio::task::JoinError) -> FollowError {
    move |error| match error.try_into_panic() {
        Ok(panic) => FollowError::panicked(task, &*panic),
        Err(error) => FollowError::Panicked { task, reason: error.to_string() },
    }
}
