//! What is asked for one saga at the moment, all at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ondol_bus::{About as Surrounds, CallFailure, Calls};
use ondol_kernel::CommandId;
use ondol_runtime::error_chain;
use ondol_trace::Watched;
use tracing::Instrument as _;

use super::record::asked_event;
use crate::machine::{Failure, Input};
use crate::{Fact, Instance, Work, WorkKind};

type Asking = Pin<Box<dyn Future<Output = Input> + Send>>;

/// A question on its way.
struct Flight {
    command: CommandId,
    what: WorkKind,
    /// Until when an answer is waited for, by the clock's running time.
    until: Duration,
    within: Duration,
    asking: Asking,
}

/// The questions of one saga that are on their way.
#[derive(Default)]
pub(super) struct Flights {
    flights: Vec<Flight>,
    /// Those that were raised here, and that nobody can have asked before.
    raised: Vec<CommandId>,
}

impl Flights {
    /// Facts were recorded here, just now: what they ask is asked for the first time. Whatever
    /// else is found in the log may have been asked before, by whoever drove the saga then.
    pub(super) fn raise(&mut self, facts: &[Fact]) {
        self.raised.clear();
        self.raised.extend(facts.iter().filter_map(|fact| match fact {
            Fact::Asked { question, .. } => Some(question.command),
            _ => None,
        }));
    }

    /// Asks what is to be asked and is not on its way, and gives up what is no longer wanted.
    pub(super) fn follow(
        &mut self,
        work: Vec<Work>,
        instance: &Instance,
        calls: &Arc<dyn Calls>,
        running: Duration,
    ) {
        let is_wanted = |flight: &Flight| {
            work.iter()
                .any(|work| work.question.command == flight.command && work.what == flight.what)
        };
        self.flights.retain(is_wanted);
        for work in work {
            let (command, what) = (work.question.command, work.what);
            if self.flights.iter().any(|flight| flight.command == command && flight.what == what) {
                continue;
            }
            let within = Duration::from_millis(work.question.within_ms);
            let until = running.saturating_add(within);
            let is_first = self.raised.iter().position(|raised| *raised == command);
            let asked_before = is_first.map(|at| self.raised.swap_remove(at)).is_none();
            let asking = asking(work, instance, Arc::clone(calls), asked_before);
            self.flights.push(Flight { command, what, until, within, asking });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// When the first of them has been waited for long enough.
    pub(super) fn until(&self) -> Option<Duration> {
        self.flights.iter().map(|flight| flight.until).min()
    }

    /// Gives up one that has been waited for long enough.
    pub(super) fn give_up(&mut self, running: Duration) -> Option<Input> {
        let at = self.flights.iter().position(|flight| flight.until <= running)?;
        let Flight { command, within, .. } = self.flights.swap_remove(at);
        let failure = Failure {
            code: "call-timed-out".to_owned(),
            because: format!("no answer has come within {within:?}"),
            may_be_asked_again: true,
            asked_before: true,
            again_after: None,
            held_by: None,
        };
        Some(Input::Failure { command, failure })
    }
}

/// The first of them that is answered.
pub(super) struct First<'a>(pub(super) &'a mut Flights);

impl Future for First<'_> {
    type Output = Input;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Input> {
        for at in 0..self.0.flights.len() {
            if let Poll::Ready(input) = self.0.flights[at].asking.as_mut().poll(context) {
                self.0.flights.swap_remove(at);
                return Poll::Ready(input);
            }
        }
        Poll::Pending
    }
}

fn asking(work: Work, instance: &Instance, calls: Arc<dyn Calls>, asked_before: bool) -> Asking {
    let command = work.question.command;
    let kind = match work.what {
        WorkKind::Ask => "ask",
        WorkKind::Void => "void",
        WorkKind::Undo => "undo",
    };
    let (saga, step) = (instance.saga.clone(), work.step.clone());
    let span = move |origin| ondol_trace::saga_step((&saga, &step, kind), origin);
    let watched = Watched::begin(instance.traceparent, instance.correlation, &span);
    let about = Surrounds {
        correlation: instance.correlation,
        causation: Some(asked_event(command).of()),
        tenant: instance.tenant.clone(),
        traceparent: watched.context(),
        ..Surrounds::new(command)
    };
    Box::pin(async move {
        let call = work.question.call();
        let asking = async {
            match work.what {
                WorkKind::Ask | WorkKind::Undo => calls.ask(&call, &about).await,
                WorkKind::Void => calls.void(&call, &about).await,
            }
        };
        let answer = asking.instrument(watched.span().clone()).await;
        watched.end(answer.as_ref().err().map(CallFailure::code), span);
        match answer {
            Ok(reply) => Input::Reply { command, reply },
            Err(failure) => {
                let failure = Failure { asked_before, ..told(&failure) };
                Input::Failure { command, failure }
            }
        }
    })
}

fn told(failure: &CallFailure) -> Failure {
    let again_after = match failure {
        CallFailure::Busy { again_after, .. } => *again_after,
        _ => None,
    };
    let held_by = match failure {
        CallFailure::Held { by, .. } => Some(by.clone()),
        _ => None,
    };
    Failure {
        held_by,
        code: failure.code().to_owned(),
        because: error_chain(failure),
        may_be_asked_again: failure.may_be_asked_again(),
        asked_before: true,
        again_after,
    }
}
