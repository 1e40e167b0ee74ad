//! Views in memory: for tests, for simulations, and for what may be folded anew at every start.

mod kept;
mod refusals;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ondol_kernel::{CommandId, Timestamp};
use tokio::sync::watch;

use self::kept::Kept;
pub use self::refusals::KeptRefusals;
use crate::{
    Count, DefineError, Definition, Document, DocumentKey, Faults, KeptRefusal, Limits, LoadError,
    Loaded, NoFaults, Parked, Query, QueryError, QueryPage, RefusalBook, RefusalError, Selection,
    SourceCheckpoint, Step, Target, Unit, ViewId, ViewName, ViewStatus, ViewStore, Waiting, Write,
    WriteError,
};

/// A store of views that forgets everything when it goes.
#[derive(Debug)]
pub struct MemoryViews {
    limits: Limits,
    faults: Arc<dyn Faults>,
    refusals: Mutex<KeptRefusals>,
    state: Mutex<State>,
    written: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    views: BTreeMap<ViewId, Kept>,
    serving: BTreeMap<ViewName, ViewId>,
}

impl MemoryViews {
    /// An empty store with these limits.
    pub fn new(limits: Limits) -> Self {
        Self::with_faults(limits, Arc::new(NoFaults))
    }

    /// An empty store whose writes can be made to fail.
    pub fn with_faults(limits: Limits, faults: Arc<dyn Faults>) -> Self {
        let refusals = Mutex::new(KeptRefusals::new(limits.refusals));
        let (state, written) = (Mutex::default(), watch::Sender::default());
        Self { limits, faults, refusals, state, written }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the documents")
    }

    fn refusals(&self) -> MutexGuard<'_, KeptRefusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_written(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Default for MemoryViews {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl State {
    fn find(&self, target: &Target) -> Result<&Kept, LoadError> {
        let id = match target {
            Target::Serving(name) => self.serving.get(name),
            Target::Exactly(id) => Some(id),
        };
        id.and_then(|id| self.views.get(id))
            .ok_or_else(|| LoadError::UnknownView { asked: target.clone() })
    }

    fn exactly(&self, view: &ViewId) -> Result<&Kept, LoadError> {
        self.find(&Target::Exactly(view.clone()))
    }

    fn is_serving(&self, view: &ViewId) -> bool {
        self.serving.get(&view.name) == Some(view)
    }
}

#[async_trait]
impl RefusalBook for MemoryViews {
    async fn recall(
        &self,
        command: CommandId,
        now: Timestamp,
    ) -> Result<Option<KeptRefusal>, RefusalError> {
        Ok(self.refusals().recall(command, now).cloned())
    }

    async fn keep(&self, refusal: KeptRefusal) -> Result<KeptRefusal, RefusalError> {
        let mut refusals = self.refusals();
        if let Some(known) = refusals.recall(refusal.command, refusal.kept_at) {
            return Ok(known.clone());
        }
        refusals.make_room(&refusal);
        refusals.add(refusal.clone());
        Ok(refusal)
    }
}

#[async_trait]
impl ViewStore for MemoryViews {
    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    async fn create(&self, definition: Definition) -> Result<(), DefineError> {
        definition.check(&self.limits)?;
        let mut state = self.state();
        if let Some(kept) = state.views.get(&definition.id) {
            return definition.must_be(&kept.definition);
        }
        state.views.insert(definition.id.clone(), Kept::new(definition));
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ViewStatus>, LoadError> {
        let state = self.state();
        Ok(state.views.iter().map(|(id, kept)| kept.status(state.is_serving(id))).collect())
    }

    async fn serve(&self, view: &ViewId) -> Result<Option<ViewId>, DefineError> {
        let before = {
            let mut state = self.state();
            if !state.views.contains_key(view) {
                return Err(DefineError::UnknownView { asked: view.clone() });
            }
            state.serving.insert(view.name.clone(), view.clone())
        };
        self.has_written();
        Ok(before)
    }

    async fn drop_view(&self, view: &ViewId) -> Result<(), DefineError> {
        let mut state = self.state();
        if state.is_serving(view) {
            return Err(DefineError::Serving { view: view.clone() });
        }
        let dropped = state.views.remove(view);
        dropped.map(drop).ok_or_else(|| DefineError::UnknownView { asked: view.clone() })
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        write.check(&self.limits)?;
        {
            let mut state = self.state();
            let unknown = || WriteError::UnknownView { asked: write.view.clone() };
            let kept = state.views.get_mut(&write.view).ok_or_else(unknown)?;
            kept.check(&write)?;
            for step in [Step::Begun, Step::BeforeCheckpoints, Step::BeforeCommit] {
                self.faults.at(step).map_err(WriteError::Unavailable)?;
            }
            kept.write(write);
        }
        self.has_written();
        self.faults.at(Step::AfterCommit).map_err(WriteError::Unknown)
    }

    async fn load(&self, view: &ViewId, keys: Vec<DocumentKey>) -> Result<Loaded, LoadError> {
        self.limits.check_load(keys.len())?;
        let state = self.state();
        let kept = state.exactly(view)?;
        let documents = keys.iter().map(|key| kept.documents.get(key).cloned()).collect();
        Ok(Loaded { checkpoints: kept.checkpoints(), documents })
    }

    async fn get(
        &self,
        target: &Target,
        key: &DocumentKey,
    ) -> Result<(ViewId, Option<Document>), LoadError> {
        let state = self.state();
        let kept = state.find(target)?;
        Ok((kept.definition.id.clone(), kept.documents.get(key).cloned()))
    }

    async fn query(&self, target: &Target, query: Query) -> Result<QueryPage, QueryError> {
        let state = self.state();
        let kept = state.find(target)?;
        let scan = query
            .scan(&kept.definition.indexes, &self.limits)
            .map_err(|source| QueryError::Invalid { view: target.clone(), source })?;
        let found = kept.scan(&scan);
        Ok(query.page(kept.definition.id.clone(), &scan, found))
    }

    async fn count(&self, target: &Target, selection: Selection) -> Result<Count, QueryError> {
        let state = self.state();
        let kept = state.find(target)?;
        let (index, span) = selection
            .resolve(&kept.definition.indexes)
            .map_err(|source| QueryError::Invalid { view: target.clone(), source })?;
        Ok(Count::of(kept.count(index, &span, self.limits.counted_max), &self.limits))
    }

    async fn checkpoints(
        &self,
        target: &Target,
    ) -> Result<(ViewId, Vec<SourceCheckpoint>), LoadError> {
        let state = self.state();
        let kept = state.find(target)?;
        Ok((kept.definition.id.clone(), kept.checkpoints()))
    }

    async fn parked(
        &self,
        view: &ViewId,
        after: Option<Unit>,
        limit: usize,
    ) -> Result<Vec<Parked>, LoadError> {
        Ok(self.state().exactly(view)?.parked(after.as_ref(), limit))
    }

    async fn waiting(&self, view: &ViewId, unit: &Unit) -> Result<Vec<Waiting>, LoadError> {
        Ok(self.state().exactly(view)?.waiting(unit))
    }
}
