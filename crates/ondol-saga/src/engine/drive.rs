//! Drives sagas: many at a time, each by a task of its own.

use std::future::{Future, pending};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use ondol_kernel::{CommandId, StreamId};
use ondol_lease::{Duty, Tenure};
use ondol_runtime::error_chain;
use ondol_store::AppendError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

use super::sweep::Failing;
use super::work::{First, Flights};
use super::{Inner, OrderSagaError};
use crate::machine::{Input, NextError, baffled, next};
use crate::{Definition, Instance, Transition};

/// How long is waited before an append is tried again that the log did not take.
const BUSY_DELAY: Duration = Duration::from_millis(5);

/// A saga that is to be driven.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) stream: StreamId,
    /// What has just been recorded of it here, if it was, and when that was.
    pub(super) begun: Option<(Transition, Duration)>,
}

/// A time for which this process drives sagas.
#[derive(Debug, Clone)]
struct Turn {
    tenure: Tenure,
    /// When it began, by the clock's running time; what was started before that others may have
    /// driven since.
    since: Duration,
}

/// Drives sagas while this process has the duty, until it is told to stop.
pub(super) async fn run(
    inner: Arc<Inner>,
    mut jobs: mpsc::Receiver<Job>,
    duty: &Duty,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), String> {
    tokio::pin!(shutdown);
    loop {
        let tenure = tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            tenure = duty.begin() => tenure,
        };
        let since = if tenure.is_shared() { inner.ground.clock.running() } else { Duration::ZERO };
        let turn = Turn { tenure: tenure.clone(), since };
        tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            // What is under way is left where it stands: whoever has the duty next goes on.
            () = tenure.over() => {}
            () = drive_all(&inner, &mut jobs, &turn) => return Ok(()),
        }
    }
}

/// Drives what comes in, and sweeps from time to time.
async fn drive_all(inner: &Arc<Inner>, jobs: &mut mpsc::Receiver<Job>, turn: &Turn) {
    let mut driven: JoinSet<()> = JoinSet::new();
    let mut sweeps: JoinSet<()> = JoinSet::new();
    sweeps.spawn(sweeping(Arc::clone(inner)));
    loop {
        tokio::select! {
            biased;
            Some(ended) = driven.join_next() => seen(inner, "a saga", ended),
            Some(ended) = sweeps.join_next() => {
                seen(inner, "the sweeper", ended);
                sweeps.spawn(sweeping(Arc::clone(inner)));
            }
            (job, room) = next_job(jobs, inner) => {
                let Some(job) = job else { return };
                let (inner, turn) = (Arc::clone(inner), turn.clone());
                driven.spawn(async move {
                    inner.drive(job, &turn).await;
                    drop(room);
                });
            }
        }
    }
}

async fn next_job(
    jobs: &mut mpsc::Receiver<Job>,
    inner: &Inner,
) -> (Option<Job>, Option<OwnedSemaphorePermit>) {
    let room = Arc::clone(&inner.room).acquire_owned().await.ok();
    (jobs.recv().await, room)
}

/// A saga whose code panics is told of, and is found again by the sweeper; others go on.
fn seen(inner: &Inner, who: &str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        inner.metrics.failed();
        tracing::error!(%error, "{who} has panicked");
    }
}

async fn sweeping(inner: Arc<Inner>) {
    loop {
        if let Err(error) = inner.sweep().await {
            tracing::debug!(error = error_chain(&error), "sagas that are due cannot be looked for");
        }
        inner.ground.clock.sleep(inner.options.sweep_every).await;
    }
}

impl Inner {
    /// Has a saga looked at: by whoever drives it, or by somebody new.
    pub(super) fn attend(&self, stream: &StreamId) {
        if !self.active.tell(stream) {
            // What finds no room now is found by the sweeper.
            drop(self.jobs.try_send(Job { stream: stream.clone(), begun: None }));
        }
    }

    async fn drive(&self, job: Job, turn: &Turn) {
        let stream = job.stream.clone();
        let Some(driver) = self.active.enter(&stream) else { return };
        self.failing().failed(&stream, self.ground.clock.now());
        match self.drive_on(job, turn, &driver.changed).await {
            Ok(()) => self.failing().succeeded(&stream),
            Err(error) => {
                self.metrics.failed();
                let error = error_chain(&error);
                tracing::warn!(%stream, error, "a saga cannot be driven for now");
            }
        }
    }

    /// Drives a saga until it has ended, has nothing to do for a while, or another process has the
    /// turn: one that was frozen, and finds its turn over, asks and records nothing more.
    async fn drive_on(
        &self,
        job: Job,
        turn: &Turn,
        changed: &tokio::sync::Notify,
    ) -> Result<(), OrderSagaError> {
        let mut flights = Flights::default();
        let Some(mut instance) = self.taken_up(job, turn, &mut flights).await? else {
            return Ok(());
        };
        while !turn.tenure.is_over() {
            let now = self.ground.clock.now();
            if instance.is_timer_due(now) {
                instance = self.step(instance, &Input::Time, &mut flights).await?;
            }
            if instance.is_ended() || instance.is_timer_due(now) {
                return Ok(());
            }
            let work = instance.work(now);
            flights.follow(work, &instance, &self.calls, self.ground.clock.running());
            if flights.is_empty() && !self.lingers(&instance) {
                return Ok(());
            }
            let until = self.until_next(&instance, flights.until());
            let input = tokio::select! {
                biased;
                input = First(&mut flights), if !flights.is_empty() => Some(input),
                () = changed.notified() => {
                    self.recorder.catch_up(&mut instance).await?;
                    None
                }
                () = until => None,
            };
            if turn.tenure.is_over() {
                return Ok(());
            }
            let input = input.or_else(|| flights.give_up(self.ground.clock.running()));
            if let Some(input) = input {
                let is_held = matches!(
                    &input,
                    Input::Failure { failure, .. } if failure.held_by.is_some()
                );
                instance = self.step(instance, &input, &mut flights).await?;
                if is_held {
                    instance = Box::pin(self.untangle(instance)).await?;
                }
            }
        }
        Ok(())
    }

    /// How a saga stands that is to be driven. What was started here in this turn is known, and
    /// nobody has asked for it before; all else is read.
    async fn taken_up(
        &self,
        job: Job,
        turn: &Turn,
        flights: &mut Flights,
    ) -> Result<Option<Instance>, OrderSagaError> {
        match job.begun {
            Some((begun, at)) if at >= turn.since => {
                flights.raise(&begun.facts);
                Ok(Some(begun.instance))
            }
            _ => Ok(self.recorder.load(&job.stream).await?),
        }
    }

    /// What comes in is recorded; what is asked then is asked for the first time.
    async fn step(
        &self,
        instance: Instance,
        input: &Input,
        flights: &mut Flights,
    ) -> Result<Instance, OrderSagaError> {
        let taken = self.take(instance, input).await?;
        flights.raise(&taken.facts);
        Ok(taken.instance)
    }

    /// Whether a saga that has nothing to do will soon have.
    fn lingers(&self, instance: &Instance) -> bool {
        let now = self.ground.clock.now();
        // Those that only wait for each other must not keep out the one they wait for.
        let has_room = self.room.available_permits() > 0;
        let wakes = instance.wakes_at().filter(|_| has_room);
        wakes.is_some_and(|wakes| wakes.since(now) <= self.options.lingers)
    }

    /// Waits until a timer is due or a question has been waited for long enough.
    fn until_next(
        &self,
        instance: &Instance,
        given_up: Option<Duration>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let now = self.ground.clock.now();
        let timer = instance.next_timer(now).map(|due| due.since(now));
        let running = self.ground.clock.running();
        let given_up = given_up.map(|until| until.saturating_sub(running));
        let wait = timer.into_iter().chain(given_up).min();
        let sleep = wait.map(|wait| self.ground.clock.sleep(wait));
        async move {
            match sleep {
                Some(sleep) => sleep.await,
                None => pending().await,
            }
        }
    }

    /// What comes in is recorded, and how the saga stands then. When others have written in
    /// between, what they wrote is read first.
    pub(super) async fn take(
        &self,
        mut instance: Instance,
        input: &Input,
    ) -> Result<Transition, OrderSagaError> {
        for _attempt in 0..self.options.attempts_max {
            let definition = self.definition(&instance)?;
            let now = self.ground.clock.now();
            let transition = next_or_baffled(&*definition, &instance, input, now)?;
            if transition.facts.is_empty() {
                return Ok(Transition { instance, facts: Vec::new() });
            }
            match self.recorder.record(&instance, &transition, command_of(input)).await {
                Ok(()) => {
                    self.metrics.count(&transition.facts, &transition.instance);
                    return Ok(transition);
                }
                Err(AppendError::Conflict { .. } | AppendError::Unknown(_)) => {
                    self.recorder.catch_up(&mut instance).await?;
                }
                Err(AppendError::Busy { .. }) => self.ground.clock.sleep(BUSY_DELAY).await,
                Err(error) => return Err(error.into()),
            }
        }
        let attempts = self.options.attempts_max;
        Err(OrderSagaError::Contended { stream: instance.stream, attempts })
    }

    pub(super) fn definition(
        &self,
        instance: &Instance,
    ) -> Result<Arc<dyn Definition>, OrderSagaError> {
        let found = self.definitions.of(&instance.saga, instance.fingerprint);
        found.cloned().ok_or_else(|| OrderSagaError::Parked {
            stream: instance.stream.clone(),
            fingerprint: instance.fingerprint.to_string(),
        })
    }

    pub(super) fn failing(&self) -> MutexGuard<'_, Failing> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens next; when that cannot be said, and nobody waits to hear so, a person is told.
fn next_or_baffled(
    definition: &dyn Definition,
    instance: &Instance,
    input: &Input,
    now: ondol_kernel::Timestamp,
) -> Result<Transition, NextError> {
    match next(definition, instance.clone(), input, now) {
        Err(NextError::Defect(defect)) if !is_told_why(input) => {
            let because = error_chain(&defect);
            baffled(definition, instance.clone(), command_of(input), &because, now)
        }
        other => other,
    }
}

/// Whether somebody has said something, and hears why nothing comes of it.
const fn is_told_why(input: &Input) -> bool {
    matches!(input, Input::Heard(_) | Input::Order(_))
}

const fn command_of(input: &Input) -> Option<CommandId> {
    match input {
        Input::Reply { command, .. } | Input::Failure { command, .. } => Some(*command),
        Input::Time | Input::Heard(_) | Input::Order(_) | Input::Deadlock { .. } => None,
    }
}
