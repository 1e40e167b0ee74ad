//! What requests from outside were answered when nothing happened: kept for a day, in a bounded
//! place that outlives the process, so that a repeated request gets the answer it got and nobody
//! can grow the log by asking for what is refused.

use std::sync::Arc;

use ondol_domain::Aggregate;
use ondol_kernel::{CausationId, ContentType, Payload, Position, StreamId};
use ondol_views::{KeptRefusal, RefusalBook};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::decide::No;
use super::{Answer, HandleError, Inner, Verdict};
use crate::{Origin, Request};

/// The book in which the answers stand.
pub(super) type Book = Arc<dyn RefusalBook>;

impl<A: Aggregate> Inner<A> {
    /// The answer that this request has got before, if it is from outside and it is known.
    pub(super) async fn recall(
        &self,
        stream: &StreamId,
        request: &Request,
    ) -> Result<Option<Answer<A>>, HandleError> {
        if request.origin != Origin::Outside {
            return Ok(None);
        }
        let now = self.ground.clock.now();
        let Some(kept) = self.refusals.recall(request.command, now).await? else {
            return Ok(None);
        };
        told(stream, request, kept).map(|answer| Some(Answer { repeated: true, ..answer }))
    }

    /// Keeps an answer; whoever was first under the same id is whose answer it is.
    pub(super) async fn keep(
        &self,
        stream: &StreamId,
        no: Option<No<A>>,
        request: &Request,
        position: Position,
    ) -> Result<Answer<A>, HandleError> {
        let which = no.as_ref().map_or(0, |no| no.which);
        let refusal = no.map(|no| serde_json::to_string(&no.refusal)).transpose();
        let answer = KeptRefusal {
            command: request.command,
            stream: stream.clone(),
            causation: request.causation,
            refusal: refusal.map_err(HandleError::RefusalUnwritable)?,
            which: u32::try_from(which).unwrap_or(u32::MAX),
            position,
            kept_at: self.ground.clock.now(),
        };
        let kept = self.refusals.keep(answer.clone()).await?;
        let repeated = kept != answer;
        told(stream, request, kept).map(|answer| Answer { repeated, ..answer })
    }
}

/// The answer that was kept, for the request that it was given to.
fn told<A: Aggregate>(
    stream: &StreamId,
    request: &Request,
    kept: KeptRefusal,
) -> Result<Answer<A>, HandleError> {
    if kept.stream != *stream || is_another(request, kept.causation) {
        let (asked, took_effect) = (stream.clone(), kept.stream);
        return Err(HandleError::IdTaken { asked, took_effect });
    }
    let refusal = kept.refusal.as_deref().map(serde_json::from_str).transpose();
    let refusal = refusal.map_err(HandleError::RefusalUnreadable)?;
    let verdict = refusal.map_or(Verdict::Accepted(Vec::new()), Verdict::Refused);
    let which = usize::try_from(kept.which).unwrap_or(usize::MAX);
    Ok(Answer { verdict, repeated: false, position: kept.position, which })
}

/// Whether what was caused so was caused by another request under the same id: one from outside
/// that says something else. Inside the house an id is derived from all that it stands for.
pub(super) fn is_another(request: &Request, causation: Option<CausationId>) -> bool {
    let both = request.causation.zip(causation);
    let differs = both.is_some_and(|(asked, found)| asked != found);
    let is_known = causation != Some(request.command.of());
    request.origin == Origin::Outside && differs && is_known
}

/// A refusal as it is kept in the log.
pub(super) fn written<R: Serialize>(refusal: &R) -> Result<Payload, HandleError> {
    serde_json::to_vec(refusal).map(Payload::json).map_err(HandleError::RefusalUnwritable)
}

/// A refusal as it was meant.
pub(super) fn read<R: DeserializeOwned>(kept: &Payload) -> Result<R, HandleError> {
    if kept.content_type != ContentType::Json {
        let found = kept.content_type.as_str();
        let error = <serde_json::Error as serde::de::Error>::custom(format!("it is {found}"));
        return Err(HandleError::RefusalUnreadable(error));
    }
    serde_json::from_slice(&kept.bytes).map_err(HandleError::RefusalUnreadable)
}
