//! What can be asked of a running projection, from anywhere in the process.

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::View;
use ondol_doors::Clock;
use tokio::sync::{mpsc, oneshot, watch};

use super::build::Build;
use super::repair::{RepairError, Repaired, What};
use super::replay::Reading;
use super::{Extent, FollowError, Progress, ProjectorOptions, Verified};
use crate::wait::{WaitError, wait_for};
use crate::{
    Checkpoint, DocumentKey, LoadError, SourceCheckpoint, Target, Unit, ViewId, ViewName, ViewStore,
};

/// How long it is left to the fold to tell that a place is reached: another process may fold.
const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// What is asked of the one who runs.
#[derive(Debug)]
pub(super) enum Order {
    Repair(What, oneshot::Sender<Result<Repaired, RepairError>>),
    Rebuild(oneshot::Sender<Result<ViewId, OrderError>>),
    Serve(ViewId, oneshot::Sender<Result<Option<ViewId>, OrderError>>),
}

impl Order {
    /// Tells whoever gave it, if he is still there, that nobody folds here.
    pub(super) fn turn_away(self) {
        match self {
            Self::Repair(_, answer) => drop(answer.send(Err(RepairError::NotRunning))),
            Self::Rebuild(answer) => drop(answer.send(Err(OrderError::NotRunning))),
            Self::Serve(_, answer) => drop(answer.send(Err(OrderError::NotRunning))),
        }
    }
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// A build is being made already.
    #[error("{view} is being built already")]
    Building {
        /// Which one.
        view: ViewId,
    },
    /// The build is of another view or another version.
    #[error("{asked} is not a build of version {version} of this view")]
    Foreign {
        /// What was asked for.
        asked: ViewId,
        /// The version that is run here.
        version: u32,
    },
    /// Nobody folds the view at present.
    #[error("the view is not being folded at present")]
    NotRunning,
    /// The store did not do it.
    #[error("the order could not be carried out")]
    Failed(#[from] FollowError),
}

impl OrderError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Building { .. } => "view-is-building",
            Self::Foreign { .. } => "view-of-another-version",
            Self::NotRunning => "view-not-running",
            Self::Failed(error) => error.code(),
        }
    }
}

/// A handle to a projection: cheap to clone, good for as long as the projection runs.
pub struct ViewHandle<V: View> {
    pub(super) name: ViewName,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) standing: watch::Receiver<Vec<watch::Receiver<Progress>>>,
    pub(super) answering: watch::Receiver<Option<ViewId>>,
    pub(super) views: Arc<dyn ViewStore>,
    pub(super) reading: Arc<Reading<V>>,
    pub(super) options: Arc<ProjectorOptions>,
    pub(super) clock: Arc<dyn Clock>,
}

impl<V: View> Clone for ViewHandle<V> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            orders: self.orders.clone(),
            standing: self.standing.clone(),
            answering: self.answering.clone(),
            views: Arc::clone(&self.views),
            reading: Arc::clone(&self.reading),
            options: Arc::clone(&self.options),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl<V: View> std::fmt::Debug for ViewHandle<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ViewHandle").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<V: View> ViewHandle<V> {
    /// The view.
    pub const fn name(&self) -> &ViewName {
        &self.name
    }

    /// How each build that is folded stands: the one that serves first, then the one that is
    /// being made beside it.
    pub fn progress(&self) -> Vec<Progress> {
        self.standing.borrow().iter().map(|one| one.borrow().clone()).collect()
    }

    /// Which build answers whoever asks, as far as has been seen here: none, until the first one
    /// has caught up and been let.
    pub fn answering(&self) -> Option<ViewId> {
        self.answering.borrow().clone()
    }

    /// Waits until the documents that answer have a log folded in up to a place.
    ///
    /// # Errors
    /// When that was not so within the time, or can never be.
    pub async fn wait_for(
        &self,
        asked: &SourceCheckpoint,
        within: Duration,
    ) -> Result<Checkpoint, WaitError> {
        let target = Target::Serving(self.name.clone());
        // Most who wait are told by the fold itself, so that they do not all ask the store at
        // every commit; the store still has the last word, for it knows which build answers.
        let over = self.clock.sleep(within);
        let begun = self.clock.running();
        let now = Duration::ZERO;
        let first = wait_for(self.views.as_ref(), self.clock.as_ref(), &target, asked, now).await;
        if !matches!(first, Err(WaitError::NotMet { .. })) {
            return match first {
                Err(WaitError::Load(LoadError::UnknownView { .. })) => {
                    wait_for(self.views.as_ref(), self.clock.as_ref(), &target, asked, within).await
                }
                answered => answered,
            };
        }
        tokio::select! {
            () = over => {}
            () = self.has_folded(asked) => {}
            () = self.clock.sleep(TOLD_WITHIN) => {}
        }
        let left = within.saturating_sub(self.clock.running().saturating_sub(begun));
        let outcome =
            wait_for(self.views.as_ref(), self.clock.as_ref(), &target, asked, left).await;
        outcome.map_err(|error| match error {
            WaitError::NotMet { log, asked, found, .. } => {
                WaitError::NotMet { log, asked, found, within }
            }
            error => error,
        })
    }

    /// Comes to its end once the build that is folded here has come to a place.
    async fn has_folded(&self, asked: &SourceCheckpoint) {
        let main = self.standing.borrow().first().cloned();
        if let Some(mut main) = main {
            let all = std::slice::from_ref(asked);
            if main.wait_for(|progress| progress.has_reached(all)).await.is_ok() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Tries again what is parked.
    ///
    /// # Errors
    /// When it is not parked, or could not be tried. Being in the way still is no error.
    pub async fn retry(&self, unit: Unit) -> Result<Repaired, RepairError> {
        self.repair(What::Retry(unit)).await
    }

    /// Leaves out the event that is in the way, for good: this build then no longer equals a
    /// replay of its log in that document. A rebuild meets the event anew.
    ///
    /// # Errors
    /// When it is not parked, or could not be done.
    pub async fn skip(&self, unit: Unit) -> Result<Repaired, RepairError> {
        self.repair(What::Skip(unit)).await
    }

    /// Folds one document anew from the beginning.
    ///
    /// # Errors
    /// When it could not be done.
    pub async fn rebuild_key(&self, key: DocumentKey) -> Result<Repaired, RepairError> {
        self.repair(What::Rebuild(key)).await
    }

    /// Begins to make a new build beside the one that serves. It takes its place by itself once
    /// it has caught up, unless the options say otherwise.
    ///
    /// # Errors
    /// When one is being made already, or it could not be begun.
    pub async fn rebuild(&self) -> Result<ViewId, OrderError> {
        self.order(Order::Rebuild).await
    }

    /// Lets a build answer at once, from where it stands: the way on, and the way back.
    ///
    /// # Errors
    /// When it is not a build of this version, or could not be done.
    pub async fn serve(&self, view: ViewId) -> Result<Option<ViewId>, OrderError> {
        self.order(|answer| Order::Serve(view, answer)).await
    }

    /// Compares the documents that answer with a replay.
    ///
    /// # Errors
    /// When the log or the documents could not be read.
    pub async fn verify(&self, extent: Extent) -> Result<Verified, FollowError> {
        let (view, _) = self.views.checkpoints(&Target::Serving(self.name.clone())).await?;
        self.verify_build(view, extent).await
    }

    /// Compares the documents of one build with a replay.
    ///
    /// # Errors
    /// When the log or the documents could not be read.
    pub async fn verify_build(
        &self,
        view: ViewId,
        extent: Extent,
    ) -> Result<Verified, FollowError> {
        let core = Build::<V> {
            state: watch::Sender::new(Progress::of(view.clone())),
            view,
            views: Arc::clone(&self.views),
            reading: Arc::clone(&self.reading),
            options: Arc::clone(&self.options),
            clock: Arc::clone(&self.clock),
        };
        core.verify(extent).await
    }

    async fn repair(&self, what: What) -> Result<Repaired, RepairError> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Repair(what, answer);
        self.orders.send(order).await.map_err(|_gone| RepairError::NotRunning)?;
        answered.await.map_err(|_gone| RepairError::NotRunning)?
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, OrderError>>) -> Order,
    ) -> Result<T, OrderError> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).await.map_err(|_gone| OrderError::NotRunning)?;
        answered.await.map_err(|_gone| OrderError::NotRunning)?
    }
}
