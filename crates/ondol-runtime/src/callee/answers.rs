//! A desk that answers calls.

use std::fmt;

use async_trait::async_trait;
use ondol_bus::Reply;
use ondol_domain::{Aggregate, Call, CommandError, Contract, EncodeError, Refused};
use ondol_kernel::Payload;

use super::Accepts;
use crate::{Answer, Desk, HandleError, Request, Verdict};

/// What is asked of a desk.
#[derive(Debug)]
pub(crate) enum Asked {
    /// That the command takes effect.
    ToDo(Request),
    /// That it never does.
    ToVoid(Request),
}

/// Why a call got no answer from a desk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The command cannot be read.
    #[error("the command cannot be read")]
    Command(#[from] CommandError),
    /// The desk has no answer.
    #[error("the command was not handled")]
    Handle(#[from] HandleError),
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Reply(#[source] serde_json::Error),
    /// The refusal cannot be written.
    #[error("the refusal cannot be written")]
    Refusal(#[source] EncodeError),
}

/// Answers calls of some kind.
#[async_trait]
pub(crate) trait Answers: fmt::Debug + Send + Sync {
    async fn answer(&self, call: &Call, asked: Asked) -> Result<Reply, Fault>;
}

/// The commands of a public contract.
#[derive(Debug)]
pub(crate) struct AnswersContract<C: Contract, A: Aggregate> {
    pub(crate) accepts: Accepts<C, A>,
    pub(crate) desk: Desk<A>,
}

/// A thing's own commands.
#[derive(Debug)]
pub(crate) struct AnswersOwn<A: Aggregate> {
    pub(crate) desk: Desk<A>,
}

#[async_trait]
impl<C: Contract, A: Aggregate> Answers for AnswersContract<C, A> {
    async fn answer(&self, call: &Call, asked: Asked) -> Result<Reply, Fault> {
        let asks: C = call.read()?;
        let answer = match asked {
            Asked::ToDo(request) => {
                let command = (self.accepts.command)(asks.clone());
                self.desk.handle(&call.key, command, &request).await?
            }
            Asked::ToVoid(request) => self.desk.void(&call.key, &request).await?,
        };
        reply(
            answer,
            |happened| serde_json::to_vec(&(self.accepts.replies)(&asks, happened)),
            |refusal| Refused::by_contract::<C>(&(self.accepts.refuses)(refusal)),
        )
    }
}

#[async_trait]
impl<A: Aggregate> Answers for AnswersOwn<A> {
    async fn answer(&self, call: &Call, asked: Asked) -> Result<Reply, Fault> {
        let answer = match asked {
            Asked::ToDo(request) => self.desk.handle(&call.key, call.read()?, &request).await?,
            Asked::ToVoid(request) => self.desk.void(&call.key, &request).await?,
        };
        reply(answer, |_happened| Ok(b"null".to_vec()), |refusal| Refused::by::<A>(&refusal))
    }
}

fn reply<A: Aggregate>(
    answer: Answer<A>,
    done: impl FnOnce(&[ondol_kernel::Recorded<A::Event>]) -> Result<Vec<u8>, serde_json::Error>,
    refused: impl FnOnce(A::Refusal) -> Result<Refused, EncodeError>,
) -> Result<Reply, Fault> {
    match answer.verdict {
        Verdict::Accepted(happened) => {
            let data = Payload::json(done(&happened).map_err(Fault::Reply)?);
            Ok(Reply::Done { data, position: answer.position })
        }
        Verdict::Refused(refusal) => refused(refusal).map(Reply::Refused).map_err(Fault::Refusal),
        Verdict::Voided => Ok(Reply::Voided),
    }
}
