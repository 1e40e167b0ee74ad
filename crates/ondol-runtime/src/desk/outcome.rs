//! The answers that are no events: kept where their origin says, and told again when asked again.

use ondol_domain::Aggregate;
use ondol_kernel::{Envelope, Position, Recorded, StreamId};
use ondol_store::{Append, Appended, Outcome, ReadAll};

use super::decide::No;
use super::refusals::{self, is_another};
use super::{Answer, HandleError, Inner, LoadError, Verdict};
use crate::{Origin, Request};

impl<A: Aggregate> Inner<A> {
    /// Nothing happens, or the answer is no: it is kept where its origin says.
    pub(super) async fn idle(
        &self,
        stream: &StreamId,
        no: Option<No<A>>,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        // What this command did earlier may be why there is nothing to do now.
        if let Some(outcome) = self.ground.store.outcome(request.command).await? {
            return self.recorded(stream, outcome, request).await;
        }
        match request.origin {
            Origin::Inside => self.record_idle(stream, no, request).await,
            Origin::Outside => {
                let position = self.ground.store.watch().borrow().position;
                self.keep(stream, no, request, position).await
            }
        }
    }

    async fn record_idle(
        &self,
        stream: &StreamId,
        no: Option<No<A>>,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        let metadata = request.metadata(self.ground.clock.now(), Vec::new());
        let append = match &no {
            None => Append::nothing(request.command, metadata),
            Some(No { refusal, .. }) => {
                Append::refusal(request.command, refusals::written(refusal)?, metadata)
            }
        };
        let Appended { outcome, repeated } = self.ground.store.append(append).await?;
        let answer = self.recorded(stream, outcome, request).await?;
        Ok(Answer { repeated, ..answer })
    }

    /// The answer that an outcome in the log stands for.
    pub(super) async fn recorded(
        &self,
        stream: &StreamId,
        outcome: Outcome,
        request: &Request,
    ) -> Result<Answer<A>, HandleError> {
        let position = outcome.last();
        let verdict = match outcome {
            Outcome::Accepted { first, last } => {
                Verdict::Accepted(self.events_between(stream, first, last, request).await?)
            }
            Outcome::Nothing { .. } => Verdict::Accepted(Vec::new()),
            Outcome::Refused(refusal) => Verdict::Refused(refusals::read(&refusal.reason)?),
            Outcome::Voided { .. } => Verdict::Voided,
        };
        Ok(Answer { verdict, repeated: true, position, which: 0 })
    }

    async fn events_between(
        &self,
        stream: &StreamId,
        first: Position,
        last: Position,
        request: &Request,
    ) -> Result<Vec<Recorded<A::Event>>, HandleError> {
        let after = Position::new(first.get().saturating_sub(1));
        let count = usize::try_from(last.get().saturating_sub(after.get())).unwrap_or(usize::MAX);
        let page = self.ground.store.read_all(ReadAll::after(after, count)).await?;
        let is_elsewhere = |event: &&Envelope| {
            event.stream != *stream || is_another(request, event.metadata.causation)
        };
        let elsewhere = page.events.iter().find(is_elsewhere);
        if let Some(elsewhere) = elsewhere {
            let (asked, took_effect) = (stream.clone(), elsewhere.stream.clone());
            return Err(HandleError::IdTaken { asked, took_effect });
        }
        let read = |envelope: Envelope| self.read(stream, envelope);
        Ok(page.events.into_iter().map(read).collect::<Result<_, LoadError>>()?)
    }
}
