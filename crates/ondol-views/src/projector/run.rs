//! Runs one view: folds the build that serves, makes new ones beside it, and swaps them.

mod orders;
mod swap;

use std::sync::Arc;
use std::time::Duration;

use ondol_domain::{EventSet, Fingerprint, View, view_shape};
use ondol_doors::Clock;
use ondol_lease::{Duty, Tenure};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::build::Build;
use super::follower::follow;
use super::handle::Order;
use super::read::filter;
use super::repair::{Repair, What};
use super::replay::Reading;
use super::state::Phase;
use super::{FollowError, Progress, ProjectorError, ProjectorOptions, Source, ViewHandle};
use crate::{Definition, LoadError, Target, Unit, ViewId, ViewName, ViewStatus, ViewStore};

/// Orders that may wait for the one who runs.
const ORDERS_MAX: usize = 16;
/// How often it is looked which build answers.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a projector is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where documents are kept.
    pub views: Arc<dyn ViewStore>,
    /// What they are folded from.
    pub sources: Vec<Source>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Folds a view from its logs for as long as it runs.
pub struct Projector<V: View> {
    handle: ViewHandle<V>,
    duty: Duty,
    orders: mpsc::Receiver<Order>,
    standing: watch::Sender<Vec<watch::Receiver<Progress>>>,
    answering: watch::Sender<Option<ViewId>>,
    tasks: JoinSet<(ViewId, Result<(), FollowError>)>,
    main: Option<Running>,
    beside: Option<Running>,
    fold: u64,
    indexes: Vec<String>,
}

/// Why the fold was left.
enum Left {
    /// All stop.
    ToStop,
    /// Another process folds.
    ToAnother,
}

/// A build that is being folded.
struct Running {
    id: ViewId,
    stop: watch::Sender<bool>,
    repairs: mpsc::Sender<Repair>,
    progress: watch::Receiver<Progress>,
    /// Whether it is to answer once it has caught up.
    is_to_serve: bool,
}

impl<V: View> std::fmt::Debug for Projector<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projector").field("name", &self.handle.name).finish_non_exhaustive()
    }
}

impl<V: View> Projector<V> {
    /// A projector, once the view and the options have been checked. It does nothing yet.
    ///
    /// # Errors
    /// When the view is wrongly declared, or cannot be projected as asked.
    pub fn new(options: ProjectorOptions, parts: Parts) -> Result<Self, ProjectorError> {
        options.validate()?;
        let shape = view_shape::<V>();
        let wrong = |problems: String| ProjectorError::Shape { problems };
        let shape = shape.map_err(|problems| wrong(problems.to_string()))?;
        let reader = V::Event::reader().map_err(|problems| wrong(problems.to_string()))?;
        let mut names: Vec<_> = parts.sources.iter().map(|source| source.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() || names.len() != parts.sources.len() {
            let found = parts.sources.into_iter().map(|source| source.name).collect();
            return Err(ProjectorError::Sources { found });
        }
        let name = ViewName::new(V::NAME).map_err(|error| wrong(error.to_string()))?;
        let filter = filter(&reader);
        let reading = Reading { sources: parts.sources, reader: Arc::new(reader), filter };
        let (orders_in, orders) = mpsc::channel(ORDERS_MAX);
        let (standing, answering) = (watch::Sender::new(Vec::new()), watch::Sender::new(None));
        let handle = ViewHandle {
            name,
            orders: orders_in,
            standing: standing.subscribe(),
            answering: answering.subscribe(),
            views: parts.views,
            reading: Arc::new(reading),
            options: Arc::new(options),
            clock: parts.clock,
        };
        let indexes = shape.indexes.iter().map(|(name, _)| (*name).to_owned()).collect();
        let fold = fold_of(&shape);
        let (tasks, main, beside) = (JoinSet::new(), None, None);
        let duty = Duty::always();
        Ok(Self { handle, duty, orders, standing, answering, tasks, main, beside, fold, indexes })
    }

    /// The same, folding only while this process does what only one may do.
    #[must_use]
    pub fn on_duty(mut self, duty: Duty) -> Self {
        self.duty = duty;
        self
    }

    /// A handle to what will run.
    pub fn handle(&self) -> ViewHandle<V> {
        self.handle.clone()
    }

    /// Folds until `shutdown` comes, then writes what has been folded and ends.
    ///
    /// # Errors
    /// When something is wrong that waiting does not mend: the view then has stopped.
    pub async fn run(
        mut self,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), FollowError> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut failures = 0_u32;
        loop {
            let duty = self.duty.clone();
            let tenure = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                tenure = duty.begin() => tenure,
                () = self.turn_away() => return Ok(()),
            };
            match self.fold(&mut shutdown, &tenure).await {
                Ok(Left::ToStop) => return self.end().await,
                Ok(Left::ToAnother) => failures = 0,
                Err(error) if error.is_worth_retrying() => failures = failures.saturating_add(1),
                Err(error) => return Err(error),
            }
            self.leave().await;
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = self.handle.clock.sleep(self.handle.options.pause(failures)) => {}
            }
        }
    }

    /// Folds until all stop, or another process does it.
    async fn fold(
        &mut self,
        mut shutdown: impl Future<Output = ()> + Send + Unpin,
        tenure: &Tenure,
    ) -> Result<Left, FollowError> {
        self.begin().await?;
        let clock = Arc::clone(&self.handle.clock);
        let mut look = clock.sleep(LOOK_EVERY);
        loop {
            let caught_up = caught_up(self.to_swap());
            tokio::select! {
                () = &mut shutdown => return Ok(Left::ToStop),
                () = tenure.over() => return Ok(Left::ToAnother),
                Some(order) = self.orders.recv() => self.obey(order).await?,
                Some(ended) = self.tasks.join_next() => self.has_ended(ended).await?,
                () = caught_up => self.swap().await?,
                () = &mut look => {
                    if self.is_overtaken().await? {
                        return Ok(Left::ToAnother);
                    }
                    look = clock.sleep(LOOK_EVERY);
                }
            }
        }
    }

    /// Whether another build answers than the one that is folded: the word of one who folded
    /// before, and is gone, may come to the store late.
    async fn is_overtaken(&self) -> Result<bool, FollowError> {
        let Some(main) = self.main.as_ref().filter(|main| !main.is_to_serve) else {
            return Ok(false);
        };
        let serving = Target::Serving(self.handle.name.clone());
        match self.handle.views.checkpoints(&serving).await {
            Ok((serving, _)) => Ok(serving.version == V::VERSION && serving != main.id),
            Err(LoadError::UnknownView { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves everything as it stands: whoever folds next begins with what is stored.
    async fn leave(&mut self) {
        self.tasks.shutdown().await;
        (self.main, self.beside) = (None, None);
        self.tell();
    }

    /// Finds out which build to fold, and begins.
    async fn begin(&mut self) -> Result<(), FollowError> {
        let mine = self.builds().await?;
        let serving = mine.iter().find(|status| status.is_serving).map(id_of);
        self.answering.send_replace(serving.clone());
        let latest = mine.iter().map(id_of).filter(|id| id.version == V::VERSION).max();
        let id = match (&serving, latest) {
            (Some(serving), _) if serving.version == V::VERSION => serving.clone(),
            (_, Some(latest)) => latest,
            (_, None) => ViewId::first(self.handle.name.clone(), V::VERSION),
        };
        self.make(&id).await?;
        let is_newer = serving.as_ref().is_none_or(|serving| serving.version < id.version);
        let swaps = serving.is_none() || self.handle.options.swaps_by_itself;
        let main = self.start(id, is_newer && swaps);
        self.main = Some(main);
        self.tell();
        self.retry_parked().await
    }

    /// The code may have been mended since something was parked, so all of it is tried once.
    async fn retry_parked(&mut self) -> Result<(), FollowError> {
        let Some(main) = &self.main else { return Ok(()) };
        let most = self.handle.views.limits().parked_max;
        let parked = self.handle.views.parked(&main.id, None, most).await?;
        let repairs = main.repairs.clone();
        let units: Vec<Unit> = parked.into_iter().map(|parked| parked.unit).collect();
        for unit in units {
            let (answer, _nobody_waits) = tokio::sync::oneshot::channel();
            let repair = Repair { what: What::Retry(unit), answer };
            if repairs.send(repair).await.is_err() {
                // It has stopped already, and says why when it is joined.
                break;
            }
        }
        Ok(())
    }

    async fn builds(&self) -> Result<Vec<ViewStatus>, FollowError> {
        let listed = self.handle.views.list().await?;
        let is_mine = |status: &ViewStatus| status.definition.id.name == self.handle.name;
        Ok(listed.into_iter().filter(is_mine).collect())
    }

    async fn make(&self, id: &ViewId) -> Result<(), FollowError> {
        let (indexes, made) = (self.indexes.clone(), self.handle.clock.now());
        let definition = Definition { id: id.clone(), indexes, fold: self.fold, made };
        Ok(self.handle.views.create(definition).await?)
    }

    fn start(&mut self, id: ViewId, is_to_serve: bool) -> Running {
        let (stop, stopped) = watch::channel(false);
        let (repairs, repairs_out) = mpsc::channel(ORDERS_MAX);
        let (state, progress) = watch::channel(Progress::of(id.clone()));
        let core = Build::<V> {
            view: id.clone(),
            views: Arc::clone(&self.handle.views),
            reading: Arc::clone(&self.handle.reading),
            options: Arc::clone(&self.handle.options),
            clock: Arc::clone(&self.handle.clock),
            state,
        };
        let of = id.clone();
        self.tasks.spawn(async move { (of, follow(&core, repairs_out, stopped).await) });
        Running { id, stop, repairs, progress, is_to_serve }
    }

    fn tell(&self) {
        let all = self.main.iter().chain(&self.beside);
        self.standing.send_replace(all.map(|running| running.progress.clone()).collect());
    }

    async fn stop_main(&mut self) -> Result<(), FollowError> {
        let Some(main) = self.main.take() else { return Ok(()) };
        main.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            let (id, outcome) = ended_as(ended)?;
            let is_main = id == main.id;
            self.note(&id, outcome)?;
            if is_main {
                break;
            }
        }
        Ok(())
    }

    async fn has_ended(&mut self, ended: Ended) -> Result<(), FollowError> {
        let (id, outcome) = ended_as(ended)?;
        self.note(&id, outcome)
    }

    /// A build that is made beside may fail: the other goes on serving, and what went wrong is
    /// told in its progress. The one that serves may not.
    fn note(&mut self, id: &ViewId, outcome: Result<(), FollowError>) -> Result<(), FollowError> {
        let was_beside = self.beside.take_if(|beside| beside.id == *id).is_some();
        if was_beside { Ok(()) } else { outcome }
    }

    async fn end(mut self) -> Result<(), FollowError> {
        for running in self.main.iter().chain(&self.beside) {
            running.stop.send_replace(true);
        }
        while let Some(ended) = self.tasks.join_next().await {
            self.has_ended(ended).await?;
        }
        Ok(())
    }
}

type Ended = Result<(ViewId, Result<(), FollowError>), tokio::task::JoinError>;

fn ended_as(ended: Ended) -> Result<(ViewId, Result<(), FollowError>), FollowError> {
    ended.map_err(|error| match error.try_into_panic() {
        Ok(panic) => FollowError::panicked("the projection", &*panic),
        Err(error) => FollowError::Panicked { task: "the projection", reason: error.to_string() },
    })
}

fn id_of(status: &ViewStatus) -> ViewId {
    status.definition.id.clone()
}

/// Comes to its end once a build has caught up; never, if none is to.
async fn caught_up(of: Option<(watch::Receiver<Progress>, u64)>) {
    if let Some((mut progress, most)) = of {
        let is_there = |progress: &Progress| {
            progress.phase == Phase::Live && progress.behind.is_some_and(|behind| behind <= most)
        };
        if progress.wait_for(|progress| is_there(progress)).await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Which fold makes the documents, as far as a declaration tells.
fn fold_of(shape: &ondol_domain::ViewShape) -> u64 {
    let text = format!("{}@{} {:?}", shape.name, shape.version, shape.indexes);
    let bits = Fingerprint::of(&text).to_string();
    u64::from_str_radix(&bits[..16], 16).expect("a fingerprint is written in 32 digits")
}
