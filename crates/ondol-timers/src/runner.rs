//! The runner: fires the timers that are due, in order, each once.
//!
//! It sleeps until the next one is due, but never long without looking at the clock again, for a
//! clock may be set while one sleeps: set forward, what has become due fires in order; set back,
//! what has fired is forgotten and cannot fire twice. What fires is settled afterwards; a crash
//! in between fires it again, and whoever fires makes sure that twice has the effect of once.

mod batch;
mod error;
mod options;

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use ondol_lease::Duty;
use tokio::sync::watch;
use tracing::warn;

use crate::{BookName, BoxError, Keeper, Timer, TimerStore};

pub use error::RunError;
pub use options::{RunnerOptions, RunnerOptionsError};

use batch::Held;

/// What is to happen when a timer is due.
#[async_trait]
pub trait Fire: Debug + Send + Sync + 'static {
    /// Makes it happen. It may be asked more than once about one generation of a timer, and it
    /// is its to see that it happens once; that a timer which was replaced or cancelled in the
    /// meantime does nothing, too. Answers once there is nothing more to do about it.
    ///
    /// # Errors
    /// When it has to be tried again: the later timers of this stream wait, others do not.
    async fn fire(&self, timer: &Timer) -> Result<(), BoxError>;
}

/// How a runner stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many have fired since it began.
    pub fired: u64,
    /// How many streams wait to be tried again.
    pub held: usize,
    /// When the next one is due, as far as is known.
    pub next: Option<Timestamp>,
    /// Why the last round came to nothing.
    pub trouble: Option<String>,
}

/// Fires the timers of one book.
#[derive(Debug)]
pub struct Runner {
    options: RunnerOptions,
    duty: Duty,
    book: BookName,
    timers: Arc<dyn TimerStore>,
    clock: Arc<dyn Clock>,
    fire: Arc<dyn Fire>,
    keeper: Option<Keeper>,
    held: Held,
    standing: watch::Sender<Standing>,
}

impl Runner {
    /// Fires the timers of this book in this way, once the options have been checked.
    ///
    /// # Errors
    /// With everything that is wrong with the options.
    pub fn new(
        options: RunnerOptions,
        book: BookName,
        timers: Arc<dyn TimerStore>,
        clock: Arc<dyn Clock>,
        fire: Arc<dyn Fire>,
    ) -> Result<Self, RunnerOptionsError> {
        options.validate()?;
        let (held, standing) = (Held::default(), watch::Sender::default());
        let (keeper, duty) = (None, Duty::always());
        Ok(Self { options, duty, book, timers, clock, fire, keeper, held, standing })
    }

    /// The same over a book that is kept up first, before anything fires.
    #[must_use]
    pub fn kept_by(mut self, keeper: Keeper) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// The same, firing only while this process does what only one may do.
    #[must_use]
    pub fn on_duty(mut self, duty: Duty) -> Self {
        self.duty = duty;
        self
    }

    /// How it stands, for as long as it runs.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Runs until it is told to stop. A store that cannot be reached is tried again for ever.
    ///
    /// # Errors
    /// When the log that is read has stopped.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let mut shutdown = std::pin::pin!(shutdown);
        let duty = self.duty.clone();
        loop {
            let tenure = tokio::select! {
                () = &mut shutdown => return Ok(()),
                tenure = duty.begin() => tenure,
            };
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = tenure.over() => self.forget(),
                stopped = self.fire_on() => return stopped,
            }
        }
    }

    /// Another process fires meanwhile: what is known here is not true for long.
    fn forget(&mut self) {
        self.held = Held::default();
        if let Some(keeper) = &mut self.keeper {
            keeper.forget();
        }
        self.standing.send_modify(|standing| (standing.next, standing.held) = (None, 0));
    }

    /// Fires until the log has stopped.
    async fn fire_on(&mut self) -> Result<(), RunError> {
        let mut grown = self.keeper.as_ref().map(|keeper| keeper.log().watch());
        let mut written = self.timers.watch();
        loop {
            // Heard of before anything is read, so that nothing that comes meanwhile is missed.
            written.mark_unchanged();
            if let Some(grown) = &mut grown {
                grown.mark_unchanged();
            }
            let wait = match self.round().await {
                Ok(wait) => wait,
                Err(error) => self.trouble(&error),
            };
            tokio::select! {
                () = self.rest(wait) => {}
                changed = grew(&mut grown) => changed?,
                // The store lives as long as this does, so its watch never closes.
                _ = written.changed() => {}
            }
        }
    }

    /// Fires all that is due; says when the next one is.
    async fn round(&mut self) -> Result<Wait, RunError> {
        if let Some(keeper) = &mut self.keeper {
            keeper.catch_up().await?;
        }
        self.held.release(self.clock.running());
        if self.fire_due().await? {
            return Ok(Wait::Not);
        }
        let next = self.next_free().await?;
        self.standing.send_modify(|standing| {
            standing.next = next;
            standing.trouble = None;
        });
        Ok(next.map_or(Wait::Idle, Wait::Until))
    }

    fn trouble(&self, error: &RunError) -> Wait {
        warn!(book = self.book.as_str(), %error, "timers do not fire, and are tried again");
        self.standing.send_modify(|standing| standing.trouble = Some(error.to_string()));
        Wait::Pause
    }

    /// Rests until a time of day, looking at the clock again and again: a sleep measures how
    /// long the machine runs, and the time of day may be set meanwhile.
    async fn rest(&self, wait: Wait) {
        let pause = self.options.retry_after();
        let again = self.options.look_again();
        let until_read = self.clock.running() + self.options.read_again();
        let release = self.held.next_release();
        let due = match wait {
            Wait::Not => return,
            Wait::Pause => return self.clock.sleep(pause).await,
            Wait::Idle => None,
            Wait::Until(due) => Some(due),
        };
        loop {
            let (now, running) = (self.clock.now(), self.clock.running());
            let is_over = due.is_some_and(|due| due <= now)
                || release.is_some_and(|release| release <= running)
                || until_read <= running;
            if is_over {
                return;
            }
            let left = due.map_or(again, |due| due.since(now));
            self.clock.sleep(left.clamp(Duration::from_millis(1), again)).await;
        }
    }
}

/// What a round has come to.
#[derive(Debug, Clone, Copy)]
enum Wait {
    /// There may be more to do at once.
    Not,
    /// Something went wrong; a little later it may not.
    Pause,
    /// Nothing sleeps.
    Idle,
    /// The next one is due then.
    Until(Timestamp),
}

async fn grew(grown: &mut Option<watch::Receiver<ondol_store::Head>>) -> Result<(), RunError> {
    match grown {
        Some(grown) => grown.changed().await.map_err(|_closed| RunError::Stopped),
        None => std::future::pending().await,
    }
}
