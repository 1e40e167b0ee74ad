//! A service that runs, and what can be asked of it.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_bus::{Calls, Directory};
use ondol_domain::{Aggregate, View};
use ondol_kernel::Timestamp;
use ondol_lease::Duty;
use ondol_store::{Head, ReadError};
use ondol_timers::{BookName, Place, ReadError as ReadTimersError, Standing, Timer, TimerId};
use ondol_views::{Checkpoint, Progress, SourceCheckpoint, SourceName, ViewId, WaitError};
use tokio::sync::watch;

use super::{Description, Home};
use crate::projection::{Projection, ViewControl};
use crate::reader::wait_for;
use crate::timers::book_of;
use crate::{Desk, ReactionControl, ViewReader};

/// A service that runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Running {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    description: Description,
    home: Home,
    source: SourceName,
    parts: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    projections: Vec<Projection>,
    relations: Relations,
}

/// How a service that runs is connected with others.
#[derive(Debug)]
pub(super) struct Relations {
    pub(super) calls: Arc<dyn Calls>,
    pub(super) reactions: Vec<ReactionControl>,
    pub(super) timers: watch::Receiver<Standing>,
    pub(super) neighbours: Arc<Directory>,
    pub(super) duty: Duty,
}

/// The service has no such part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the service {service:?} has no {part}")]
pub struct NotPart {
    /// Which service.
    pub service: String,
    /// The type that was asked for.
    pub part: &'static str,
}

/// How a view stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewStanding {
    /// What it is called.
    pub view: String,
    /// Which build answers whoever asks; none, until the first one has been let.
    pub answering: Option<ViewId>,
    /// How each build that is folded stands: the one that serves first.
    pub builds: Vec<Progress>,
}

impl Running {
    pub(super) fn new(
        description: Description,
        home: Home,
        source: SourceName,
        parts: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
        projections: Vec<Projection>,
        relations: Relations,
    ) -> Self {
        let inner = Inner { description, home, source, parts, projections, relations };
        Self { inner: Arc::new(inner) }
    }

    /// What the service is made of.
    pub fn description(&self) -> &Description {
        &self.inner.description
    }

    /// How the timers of its things stand.
    pub fn timers(&self) -> Standing {
        self.inner.relations.timers.borrow().clone()
    }

    /// How many timers of its things sleep.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn timers_asleep(&self) -> Result<u64, ReadTimersError> {
        let Some(book) = self.book() else { return Ok(0) };
        self.inner.home.timers.count(&book).await
    }

    /// The timers of its things in the order in which they are due, after a place.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn timers_after(
        &self,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadTimersError> {
        let Some(book) = self.book() else { return Ok(Vec::new()) };
        self.inner.home.timers.due(&book, Timestamp::MAX, after, limit).await
    }

    /// One timer, if it sleeps.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn timer(&self, id: &TimerId) -> Result<Option<Timer>, ReadTimersError> {
        let Some(book) = self.book() else { return Ok(None) };
        self.inner.home.timers.get(&book, id).await
    }

    /// The service has been started, so its book has a name.
    fn book(&self) -> Option<BookName> {
        book_of(&self.inner.source).ok()
    }

    /// Where it is at home.
    pub fn home(&self) -> &Home {
        &self.inner.home
    }

    /// Where commands for the things of one kind are taken.
    ///
    /// # Errors
    /// When the service takes no commands for such things.
    pub fn desk<A: Aggregate>(&self) -> Result<Desk<A>, NotPart> {
        self.part::<A, Desk<A>>().cloned()
    }

    /// Where the documents of a view are read.
    ///
    /// # Errors
    /// When the service does not fold the view.
    pub fn view<V: View>(&self) -> Result<ViewReader<V>, NotPart> {
        self.part::<V, ViewReader<V>>().cloned()
    }

    /// An engine that runs within the service.
    ///
    /// # Errors
    /// When there is none.
    pub fn companion<Part: Clone + 'static>(&self) -> Result<Part, NotPart> {
        self.part::<Part, Part>().cloned()
    }

    /// How each view stands.
    pub fn views(&self) -> Vec<ViewStanding> {
        let standing = |projection: &Projection| ViewStanding {
            view: projection.name().to_owned(),
            answering: projection.control().answering(),
            builds: projection.control().progress(),
        };
        self.inner.projections.iter().map(standing).collect()
    }

    /// What can be ordered of a view by its name: a rebuild, a verification.
    ///
    /// # Errors
    /// When the service does not fold the view.
    pub fn view_control(&self, name: &str) -> Result<Arc<dyn ViewControl>, NotPart> {
        let found = self.inner.projections.iter().find(|projection| projection.name() == name);
        let found = found.map(|projection| Arc::clone(projection.control()));
        found.ok_or_else(|| self.not_part("view of this name"))
    }

    /// Asks the service's own things, and other services.
    pub fn calls(&self) -> Arc<dyn Calls> {
        Arc::clone(&self.inner.relations.calls)
    }

    /// Where the service finds others.
    pub fn neighbours(&self) -> &Arc<Directory> {
        &self.inner.relations.neighbours
    }

    /// Whether its views, policies, effects and timers run in this process.
    pub fn duty(&self) -> &Duty {
        &self.inner.relations.duty
    }

    /// Its policies and effects.
    pub fn reactions(&self) -> &[ReactionControl] {
        &self.inner.relations.reactions
    }

    /// One of its policies or effects.
    ///
    /// # Errors
    /// When it has none of this name.
    pub fn reaction(&self, name: &str) -> Result<&ReactionControl, NotPart> {
        let found = self.reactions().iter().find(|control| control.name() == name);
        found.ok_or_else(|| self.not_part("policy or effect of this name"))
    }

    /// Where the log ends, asked anew.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn head(&self) -> Result<Head, ReadError> {
        self.inner.home.ground.store.head().await
    }

    /// Waits until every view has folded in all that is in the log now.
    ///
    /// # Errors
    /// When one of them has not within the time.
    pub async fn caught_up(&self, within: Duration) -> Result<(), WaitError> {
        let Head { epoch, position } = *self.inner.home.ground.store.watch().borrow();
        let checkpoint = Checkpoint { epoch, position };
        let asked = SourceCheckpoint { source: self.inner.source.clone(), checkpoint };
        let home = &self.inner.home;
        let (views, clock) = (home.views.as_ref(), home.ground.clock.as_ref());
        for projection in self.inner.projections.iter().filter(|one| one.is_own()) {
            wait_for(views, clock, projection.target(), &asked, within).await?;
        }
        Ok(())
    }

    fn part<Of: 'static, Part: 'static>(&self) -> Result<&Part, NotPart> {
        let found = self.inner.parts.get(&TypeId::of::<Of>());
        let found = found.and_then(|part| part.downcast_ref());
        found.ok_or_else(|| self.not_part(type_name::<Of>()))
    }

    fn not_part(&self, part: &'static str) -> NotPart {
        NotPart { service: self.inner.description.service.clone(), part }
    }
}
