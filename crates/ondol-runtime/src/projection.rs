//! A view that is folded under supervision, and what can be ordered of it by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_domain::{View, view_shape};
use ondol_kernel::EventType;
use ondol_views::{
    DocumentKey, Extent, FollowError, OrderError, Parts, Progress, Projector, ProjectorError,
    RepairError, Repaired, Source, SourceName, Target, Unit, Verified, ViewHandle, ViewId,
};

use crate::feed_log::FeedLog;
use crate::service::{Home, Place, StartServiceError};
use crate::{Supervisor, error_chain};

/// What can be ordered of a view that is folded, whatever its type.
#[async_trait]
pub trait ViewControl: fmt::Debug + Send + Sync {
    /// How each build that is folded stands: the one that serves first.
    fn progress(&self) -> Vec<Progress>;

    /// Which build answers whoever asks; none, until the first one has been let.
    fn answering(&self) -> Option<ViewId>;

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

    fn answering(&self) -> Option<ViewId> {
        Self::answering(self)
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
    is_own: bool,
}

impl Projection {
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is folded from the service's own log, among others.
    pub(crate) const fn is_own(&self) -> bool {
        self.is_own
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
) -> Result<Projection, StartServiceError> {
    let sources = sources_of::<V>(home, place, supervisor)?;
    let is_own = sources.iter().any(|source| source.name == place.source);
    let parts =
        Parts { views: Arc::clone(&home.views), sources, clock: Arc::clone(&home.ground.clock) };
    let projector = Projector::<V>::new(place.options.projector.clone(), parts)?;
    let projector = projector.on_duty(place.duty.clone());
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
    Ok(Projection { name: V::NAME, target, control, is_own })
}

/// The logs that a view is folded from: the service's own, and what others publish.
fn sources_of<V: View>(
    home: &Home,
    place: &Place,
    supervisor: &Supervisor,
) -> Result<Vec<Source>, StartServiceError> {
    let shape = view_shape::<V>()
        .map_err(|problems| ProjectorError::Shape { problems: problems.to_string() })?;
    let mut types: BTreeMap<Option<&str>, Vec<EventType>> = BTreeMap::new();
    for source in shape.sources {
        types.entry(source.service).or_default().extend(source.types);
    }
    let source = |(service, types): (Option<&str>, Vec<EventType>)| {
        let Some(service) = service else {
            return Ok(Source::new(place.source.clone(), Arc::clone(&home.ground.store)));
        };
        let log = FeedLog::new(place.feed(home, Some(service)), types);
        let (listening, clock) = (Arc::clone(&log), Arc::clone(&home.ground.clock));
        let name = format!("the feed of {service} for the view {} of {}", V::NAME, place.source);
        supervisor.start(&name, move |mut stop| async move {
            tokio::select! {
                () = listening.listen(clock) => {}
                _stopped = stop.wait_for(|stop| *stop) => {}
            }
            Ok(())
        });
        Ok(Source::new(SourceName::new(service)?, log))
    };
    types.into_iter().map(source).collect()
}
