//! A view that is folded under supervision, and what can be ordered of it by name.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_domain::View;
use ondol_views::{
    DocumentKey, Extent, FollowError, OrderError, Parts, Progress, Projector, ProjectorError,
    RepairError, Repaired, Source, Target, Unit, Verified, ViewHandle, ViewId,
};

use crate::service::{Home, Place};
use crate::{Supervisor, error_chain};

/// What can be ordered of a view that is folded, whatever its type.
#[async_trait]
pub trait ViewControl: fmt::Debug + Send + Sync {
    /// How each build that is folded stands: the one that serves first.
    fn progress(&self) -> Vec<Progress>;

    /// Begins to make a new build beside the one that serves.
    async fn rebuild(&self) -> Result<ViewId, OrderError>;

    /// Folds one document anew from the beginning.
    async fn rebuild_key(&self, key: DocumentKey) -> Result<Repaired, RepairError>;

    /// Lets a build answer at once: the way on, and the way back.
    async fn serve(&self, view: ViewId) -> Result<Option<ViewId>, OrderError>;

    /// Tries again what is parked.
    async fn retry(&self, unit: Unit) -> Result<Repaired, RepairError>;

    /// Leaves out the event that is in the way, for good.
    async fn skip(&self, unit: Unit) -> Result<Repaired, RepairError>;

    /// Compares the documents that answer with a replay.
    async fn verify(&self, extent: Extent) -> Result<Verified, FollowError>;
}

#[async_trait]
impl<V: View> ViewControl for ViewHandle<V> {
    fn progress(&self) -> Vec<Progress> {
        Self::progress(self)
    }

    async fn rebuild(&self) -> Result<ViewId, OrderError> {
        Self::rebuild(self).await
    }

    async fn rebuild_key(&self, key: DocumentKey) -> Result<Repaired, RepairError> {
        Self::rebuild_key(self, key).await
    }

    async fn serve(&self, view: ViewId) -> Result<Option<ViewId>, OrderError> {
        Self::serve(self, view).await
    }

    async fn retry(&self, unit: Unit) -> Result<Repaired, RepairError> {
        Self::retry(self, unit).await
    }

    async fn skip(&self, unit: Unit) -> Result<Repaired, RepairError> {
        Self::skip(self, unit).await
    }

    async fn verify(&self, extent: Extent) -> Result<Verified, FollowError> {
        Self::verify(self, extent).await
    }
}

/// A view that is folded.
#[derive(Debug)]
pub(crate) struct Projection {
    name: &'static str,
    target: Target,
    control: Arc<dyn ViewControl>,
}

impl Projection {
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) const fn control(&self) -> &Arc<dyn ViewControl> {
        &self.control
    }
}

/// Begins to fold a view. Should that ever be given up, all stop: a view that stands still
/// without anybody noticing answers with the past for ever.
pub(crate) fn start<V: View>(
    home: &Home,
    place: &Place,
    supervisor: &Supervisor,
) -> Result<Projection, ProjectorError> {
    let log = Arc::clone(&home.ground.store);
    let parts = Parts {
        views: Arc::clone(&home.views),
        sources: vec![Source::new(place.source.clone(), log)],
        clock: Arc::clone(&home.ground.clock),
    };
    let projector = Projector::<V>::new(place.options.projector.clone(), parts)?;
    let handle = projector.handle();
    let target = Target::Serving(handle.name().clone());
    let control = Arc::new(handle);
    let name = format!("the view {} of {}", V::NAME, place.source);
    supervisor.start(&name, move |mut stop| async move {
        let shutdown = async move {
            // Whoever could stop it is gone, or has done so: either way it ends.
            drop(stop.wait_for(|stop| *stop).await);
        };
        projector.run(shutdown).await.map_err(|error| error_chain(&error))
    });
    Ok(Projection { name: V::NAME, target, control })
}
