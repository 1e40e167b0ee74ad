//! A policy: whenever this has happened, then that is asked.
//!
//! A policy decides nothing about its own; it only passes on. It is asked about each event at
//! least once, and the engine derives the command's id from the event and the policy, so what it
//! asks takes effect once.
//!
//! A policy may look at one document of a view of its own service. What it reads may be another
//! document when it is asked again; what was asked first is what took effect.

use std::sync::Arc;

use ondol_kernel::{Envelope, Recorded};

use crate::{
    Ask, Asked, Call, CallError, DecodeError, EventSet, Problems, ShapeProblem, Source, View,
};

type Wrong = Problems<ShapeProblem>;
type React = Arc<dyn Fn(Envelope, Option<&str>) -> Result<Vec<Call>, ReactError> + Send + Sync>;
type KeyOf = Arc<dyn Fn(Envelope) -> Result<Option<String>, ReactError> + Send + Sync>;

/// Whenever this has happened, then that is asked.
#[derive(Clone)]
pub struct Policy {
    /// What it is called.
    pub name: &'static str,
    /// What it listens to.
    pub sources: Vec<Source>,
    /// Whom it asks.
    pub asked: Asked,
    /// The view it reads, if it reads one.
    pub reads: Option<ReadsView>,
    react: Result<React, Wrong>,
}

/// A view that a policy reads, and which document of it.
#[derive(Clone)]
pub struct ReadsView {
    /// What the view is called.
    pub view: &'static str,
    key: KeyOf,
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
    /// The document that it reads does not have the view's shape.
    #[error("the document that the policy reads does not have its view's shape")]
    Document(#[source] serde_json::Error),
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
            let react: React = Arc::new(move |envelope, _reads_nothing| {
                let Some(event) = reader.read(envelope)? else { return Ok(Vec::new()) };
                then(&event).into_iter().map(|asked| Ok(asked.call()?)).collect()
            });
            Policy { name, sources, asked: A::asked(), reads: None, react: Ok(react) }
        }
        Err(problems) => Policy::wrong(name, A::asked(), problems),
    }
}

/// The same for a policy that looks at a document of a view of its own service first: at which
/// one, the event says. There is none, if nothing has touched it yet. The view has folded in the
/// event itself, if it is folded from that log.
pub fn policy_reading<E: EventSet, V: View, A: Ask, Asking: IntoIterator<Item = A>>(
    name: &'static str,
    key: impl Fn(&Recorded<E>) -> Option<String> + Send + Sync + 'static,
    then: impl Fn(&Recorded<E>, Option<V>) -> Asking + Send + Sync + 'static,
) -> Policy {
    let (for_key, reader) = match (E::reader(), E::reader()) {
        (Ok(for_key), Ok(reader)) => (for_key, reader),
        (Err(problems), _) | (_, Err(problems)) => {
            return Policy::wrong(name, A::asked(), problems);
        }
    };
    let sources = reader.sources().to_vec();
    let key: KeyOf =
        Arc::new(move |envelope| Ok(for_key.read(envelope)?.and_then(|event| key(&event))));
    let react: React = Arc::new(move |envelope, document| {
        let Some(event) = reader.read(envelope)? else { return Ok(Vec::new()) };
        let document = document.map(serde_json::from_str).transpose();
        let document = document.map_err(ReactError::Document)?;
        then(&event, document).into_iter().map(|asked| Ok(asked.call()?)).collect()
    });
    let reads = Some(ReadsView { view: V::NAME, key });
    Policy { name, sources, asked: A::asked(), reads, react: Ok(react) }
}

impl ReadsView {
    /// Which document is to be looked at because of an event; none, if it needs none.
    ///
    /// # Errors
    /// When the event cannot be read.
    pub fn key(&self, event: Envelope) -> Result<Option<String>, ReactError> {
        (self.key)(event)
    }
}

impl std::fmt::Debug for ReadsView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadsView").field("view", &self.view).finish_non_exhaustive()
    }
}

impl Policy {
    const fn wrong(name: &'static str, asked: Asked, problems: Wrong) -> Self {
        Self { name, sources: Vec::new(), asked, reads: None, react: Err(problems) }
    }

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
        self.react_to(event, None)
    }

    /// The same, once it has looked at a document, written as JSON.
    ///
    /// # Errors
    /// When the event or the document cannot be read or the commands cannot be written.
    pub fn react_to(
        &self,
        event: Envelope,
        document: Option<&str>,
    ) -> Result<Vec<Call>, ReactError> {
        let react = self.react.as_ref().map_err(Clone::clone)?;
        react(event, document)
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
