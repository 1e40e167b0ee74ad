//! A policy: whenever this has happened, then that is asked.
//!
//! A policy decides nothing about its own; it only passes on. It is asked about each event at
//! least once, and the engine derives the command's id from the event and the policy, so what it
//! asks takes effect once.

use std::sync::Arc;

use ondol_kernel::{Envelope, Recorded};

use crate::{Ask, Call, CallError, DecodeError, EventSet, Problems, ShapeProblem, Source};

type Wrong = Problems<ShapeProblem>;
type React = Arc<dyn Fn(Envelope) -> Result<Vec<Call>, ReactError> + Send + Sync>;

/// Whenever this has happened, then that is asked.
#[derive(Clone)]
pub struct Policy {
    /// What it is called.
    pub name: &'static str,
    /// What it listens to.
    pub sources: Vec<Source>,
    react: Result<React, Wrong>,
}

/// Why a policy cannot say what is to be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReactError {
    /// The policy was started although it is wrong.
    #[error("the policy's events have shapes that do not hold together")]
    Shapes(#[from] Problems<ShapeProblem>),
    /// The event cannot be read.
    #[error("the event cannot be read")]
    Event(#[from] DecodeError),
    /// What is to be asked cannot be written.
    #[error("what is to be asked cannot be written")]
    Call(#[from] CallError),
}

/// Whenever such an event has happened, asks what follows from it: nothing, or one thing.
pub fn policy<E: EventSet, A: Ask>(
    name: &'static str,
    then: impl Fn(&E) -> Option<A> + Send + Sync + 'static,
) -> Policy {
    policy_of_recorded(name, move |event: &Recorded<E>| then(&event.data))
}

/// The same for a policy that needs to know what surrounds the event, its stream or its time, or
/// that asks several things.
pub fn policy_of_recorded<E: EventSet, A: Ask, Asked: IntoIterator<Item = A>>(
    name: &'static str,
    then: impl Fn(&Recorded<E>) -> Asked + Send + Sync + 'static,
) -> Policy {
    match E::reader() {
        Ok(reader) => {
            let sources = reader.sources().to_vec();
            let react: React = Arc::new(move |envelope| match reader.read(envelope)? {
                Some(event) => then(&event).into_iter().map(|asked| Ok(asked.call()?)).collect(),
                None => Ok(Vec::new()),
            });
            Policy { name, sources, react: Ok(react) }
        }
        Err(problems) => Policy { name, sources: Vec::new(), react: Err(problems) },
    }
}

impl Policy {
    /// Whether the policy can be started.
    ///
    /// # Errors
    /// With everything that is wrong with the events' shapes.
    pub fn check(&self) -> Result<(), Problems<ShapeProblem>> {
        self.react.as_ref().map(|_react| ()).map_err(Clone::clone)
    }

    /// What is to be asked because an event has happened, in order.
    ///
    /// # Errors
    /// When the event cannot be read or the commands cannot be written.
    pub fn react(&self, event: Envelope) -> Result<Vec<Call>, ReactError> {
        let react = self.react.as_ref().map_err(Clone::clone)?;
        react(event)
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.name)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
