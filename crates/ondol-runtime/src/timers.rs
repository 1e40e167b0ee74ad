//! The timers of a service's things: kept in its book, fired by one runner.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_kernel::Envelope;
use ondol_store::Filter;
use ondol_timers::{
    BookName, BoxError, Derive, Fire, Keeper, Order, Runner, RunnerOptionsError, Standing, Timer,
};
use ondol_views::SourceName;
use tokio::sync::watch;

use crate::desk::{Timed, mark};
use crate::service::{Home, Place};
use crate::{Supervisor, error_chain};

/// Why the timers of a service cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartTimersError {
    /// The options cannot be used.
    #[error("the options of timers cannot be used")]
    Options(#[from] RunnerOptionsError),
    /// A name breaks a rule.
    #[error("a name breaks a rule")]
    Name(#[from] ondol_timers::NameError),
    /// A tag breaks a rule.
    #[error("a tag breaks a rule")]
    Tag(#[from] ondol_kernel::NameError),
}

/// The kinds of things of a service, as their timers see them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Things {
    kinds: BTreeMap<&'static str, Arc<dyn Timed>>,
}

impl Things {
    pub(crate) fn add(&mut self, kind: &'static str, things: Arc<dyn Timed>) {
        self.kinds.insert(kind, things);
    }
}

impl Derive for Things {
    fn orders(&self, event: &Envelope) -> Result<Vec<Order>, BoxError> {
        self.kinds.get(event.stream.kind()).map_or(Ok(Vec::new()), |kind| kind.orders(event))
    }
}

#[async_trait]
impl Fire for Things {
    async fn fire(&self, timer: &Timer) -> Result<(), BoxError> {
        match self.kinds.get(timer.id.stream.kind()) {
            Some(kind) => kind.fire(timer).await,
            // The service has no such things any longer.
            None => Ok(()),
        }
    }
}

/// The book in which the timers of a service's things are kept.
pub(crate) fn book_of(source: &SourceName) -> Result<BookName, ondol_timers::NameError> {
    BookName::new(format!("{source}/things"))
}

/// Begins to fire the timers of a service. Should that ever be given up, all stop.
pub(crate) fn start(
    things: Things,
    home: &Home,
    place: &Place,
    supervisor: &Supervisor,
) -> Result<watch::Receiver<Standing>, StartTimersError> {
    let book = book_of(&place.source)?;
    let (log, timers) = (Arc::clone(&home.ground.store), Arc::clone(&home.timers));
    let things = Arc::new(things);
    let marked = Filter { tags: vec![mark()?], ..Filter::default() };
    let keeper = Keeper::new(book.clone(), log, Arc::clone(&timers), things.clone());
    let (options, clock) = (place.options.timers.clone(), Arc::clone(&home.ground.clock));
    let runner = Runner::new(options, book, timers, clock, things)?.kept_by(keeper.reading(marked));
    let runner = runner.on_duty(place.duty.clone());
    let standing = runner.standing();
    let name = format!("the timers of {}", place.source);
    supervisor.start(&name, move |mut stop| async move {
        let shutdown = async move {
            // Whoever could stop it is gone, or has done so: either way it ends.
            drop(stop.wait_for(|stop| *stop).await);
        };
        runner.run(shutdown).await.map_err(|error| error_chain(&error))
    });
    Ok(standing)
}

#[cfg(test)]
mod tests;
