//! What a service answers when it is asked by others, or by itself.
//!
//! Others ask by a public contract ([`Accepts`]), a service's own policies and sagas by the
//! commands of its things. Either way the command goes to the thing's desk as one from inside the
//! house: what came of it, a refusal too, is kept in the log and is the answer for ever.

mod accepts;
mod answers;
mod failure;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Reply};
use ondol_domain::{Call, CommandError, Target};

use crate::Request;

pub use accepts::Accepts;
pub(crate) use answers::{Answers, AnswersContract, AnswersOwn, Asked};

/// Answers for a service.
#[derive(Debug)]
pub(crate) struct Callee {
    service: Arc<str>,
    contracts: HashMap<String, Arc<dyn Answers>>,
    own: HashMap<&'static str, Arc<dyn Answers>>,
}

impl Callee {
    pub(crate) fn new(
        service: &str,
        contracts: Vec<(Vec<String>, Arc<dyn Answers>)>,
        own: HashMap<&'static str, Arc<dyn Answers>>,
    ) -> Self {
        let by_name = |(names, answers): (Vec<String>, Arc<dyn Answers>)| {
            names.into_iter().map(move |name| (name, Arc::clone(&answers)))
        };
        let contracts = contracts.into_iter().flat_map(by_name).collect();
        Self { service: service.into(), contracts, own }
    }

    fn find(&self, call: &Call) -> Result<&Arc<dyn Answers>, CallFailure> {
        let nobody = |service: &str| CallFailure::NoSuchService { service: service.to_owned() };
        match &call.target {
            Target::Aggregate(kind) => {
                self.own.get(kind.as_str()).ok_or_else(|| nobody(kind.as_str()))
            }
            Target::Service(service) if **service == *self.service => {
                self.contracts.get(&call.command).ok_or_else(|| CallFailure::Command {
                    service: service.clone(),
                    source: CommandError::Unknown { command: call.command.clone() },
                })
            }
            Target::Service(service) => Err(nobody(service)),
        }
    }

    async fn answer(&self, call: &Call, asked: Asked) -> Result<Reply, CallFailure> {
        let answered = self.find(call)?.answer(call, asked).await;
        answered.map_err(|fault| failure::told(&self.service, fault))
    }
}

#[async_trait]
impl Calls for Callee {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.answer(call, Asked::ToDo(request(about))).await
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.answer(call, Asked::ToVoid(request(about))).await
    }
}

fn request(about: &About) -> Request {
    Request {
        correlation: about.correlation,
        causation: about.causation,
        actor: about.actor.clone(),
        tenant: about.tenant.clone(),
        traceparent: about.traceparent,
        ..Request::new(about.command).inside()
    }
}

#[cfg(test)]
mod tests;
