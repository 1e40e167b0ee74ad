//! An append while it waits for its answer.
//!
//! There may be thousands of them, and each is looked at when it is begun and when it is
//! answered: they are small, so that fewer of them have to be fetched from afar.

use std::pin::Pin;
use std::task::{Context, Poll};

use ondol_kernel::{NewEvent, Position, StreamId, Version};
use ondol_store::{Append, AppendError, Appended, Outcome};

use crate::queue::{Ticket, Verdict};
use crate::store::{Shared, refused};

/// An append that is on its way.
#[derive(Debug)]
pub(crate) struct Appending<'a> {
    shared: &'a Shared,
    state: State,
}

#[derive(Debug)]
enum State {
    Asked(Append),
    Waiting(Ticket, Intent),
    Answered,
}

/// What of an append has to be known when it is answered.
#[derive(Debug)]
struct Intent {
    events: u64,
    /// The only event of an outcome record of the house: only that says something of its own.
    of_house: Option<Box<(StreamId, NewEvent)>>,
}

impl<'a> Appending<'a> {
    pub(crate) fn new(shared: &'a Shared, append: Append) -> Self {
        Self { shared, state: State::Asked(append) }
    }

    fn ask(&self, append: &Append, ctx: &Context<'_>) -> Result<State, AppendError> {
        append.check(&self.shared.limits)?;
        let ticket = self.shared.join(|draft, keys| draft.add(append, keys), ctx.waker())?;
        Ok(State::Waiting(ticket, Intent::of(append)))
    }
}

impl Future for Appending<'_> {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        match std::mem::replace(&mut self.state, State::Answered) {
            State::Asked(append) => match self.ask(&append, ctx) {
                Ok(waiting) => {
                    self.state = waiting;
                    Poll::Pending
                }
                Err(refused) => Poll::Ready(Err(refused)),
            },
            State::Waiting(ticket, intent) => match ticket.poll(ctx) {
                Poll::Ready(verdict) => Poll::Ready(intent.come_to(verdict)),
                Poll::Pending => {
                    self.state = State::Waiting(ticket, intent);
                    Poll::Pending
                }
            },
            State::Answered => Poll::Pending,
        }
    }
}

impl Intent {
    fn of(append: &Append) -> Self {
        let of_house = append.writes.first().and_then(|write| {
            let event = write.events.first()?;
            write.stream.is_internal().then(|| Box::new((write.stream.clone(), event.clone())))
        });
        Self { events: append.event_count() as u64, of_house }
    }

    /// What the append has come to.
    fn come_to(self, verdict: Verdict) -> Result<Appended, AppendError> {
        match verdict {
            Verdict::Recorded { first } => {
                Ok(Appended { outcome: self.recorded(first), repeated: false })
            }
            Verdict::Repeated(outcome) => Ok(Appended { outcome, repeated: true }),
            other => Err(refused(other)),
        }
    }

    fn recorded(self, first: Position) -> Outcome {
        match self.of_house {
            Some(only) => {
                let (stream, event) = *only;
                Outcome::of(&event.recorded(stream, Version::new(1), first), self.events)
            }
            None => Outcome::Accepted { first, last: first.plus(self.events.saturating_sub(1)) },
        }
    }
}
