//! Effects: what goes out of the house because of an event, an e-mail or a payment order.
//!
//! Outside there is no log that takes a command once. So each effect has an id that follows from
//! its event, to be handed to whoever is asked to do it, and a ledger says what was sent: what is
//! in the ledger is never sent again. Between sending and writing that down the machine may fail;
//! then it is sent once more, under the same id.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_domain::{EventSet, Problems, Reader, ShapeProblem, Source};
use ondol_doors::Clock;
use ondol_kernel::{Envelope, Id, Position, Recorded, Timestamp};
use ondol_views::LastEvent;
use serde::{Deserialize, Serialize};

use super::act::{Act, Acted, Delivered, Fault};
use super::book::Book;
use crate::error_chain;

/// The id of an effect: the same whenever its event is met.
pub type EffectId = Id<EffectOf>;

/// What an effect's id names.
#[derive(Debug)]
pub enum EffectOf {}

/// Why an effect was not had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError {
    /// Whoever was to do it cannot be reached, or has too much to do: it is tried for ever.
    #[error("it cannot be had at present: {0}")]
    NotNow(String),
    /// It failed: after some tries its stream is parked.
    #[error("it failed: {0}")]
    Failed(String),
    /// It never will be had as it stands: its stream is parked at once.
    #[error("it never will be had: {0}")]
    Never(String),
}

/// What a ledger says of an effect that was had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The effect's id.
    pub id: EffectId,
    /// Where its event stands in its feed.
    pub position: Position,
    /// Whose feed.
    pub source: String,
    /// When it was had.
    pub at: Timestamp,
    /// What whoever did it has said: a number to ask by, say.
    pub answer: String,
}

type Doing = Pin<Box<dyn Future<Output = Result<String, EffectError>> + Send>>;
type Do<E> = dyn Fn(Recorded<E>, EffectId) -> Option<Doing> + Send + Sync;

/// Something that goes out of the house whenever an event has happened.
#[derive(Clone)]
pub struct Effect {
    /// What it is called.
    pub name: &'static str,
    /// What it listens to.
    pub sources: Vec<Source>,
    does: Result<Arc<dyn Does>, Problems<ShapeProblem>>,
}

/// Whenever such an event has happened, this is done outside: nothing, if no future is given.
/// What the future answers is kept in the ledger.
pub fn effect<E, F>(
    name: &'static str,
    does: impl Fn(Recorded<E>, EffectId) -> Option<F> + Send + Sync + 'static,
) -> Effect
where
    E: EventSet,
    F: Future<Output = Result<String, EffectError>> + Send + 'static,
{
    let boxed = move |event: Recorded<E>, id: EffectId| -> Option<Doing> {
        does(event, id).map(|doing| -> Doing { Box::pin(doing) })
    };
    match E::reader() {
        Ok(reader) => {
            let sources = reader.sources().to_vec();
            let does: Arc<dyn Does> = Arc::new(Typed { reader, does: Box::new(boxed) });
            Effect { name, sources, does: Ok(does) }
        }
        Err(problems) => Effect { name, sources: Vec::new(), does: Err(problems) },
    }
}

impl Effect {
    /// Whether the effect can be started.
    ///
    /// # Errors
    /// With everything that is wrong with the events' shapes.
    pub fn check(&self) -> Result<(), Problems<ShapeProblem>> {
        self.does.as_ref().map(drop).map_err(Clone::clone)
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effect").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads an event and begins what is to be done.
trait Does: Send + Sync {
    fn begin(&self, delivered: &Delivered, id: EffectId) -> Result<Option<Doing>, Fault>;
}

struct Typed<E> {
    reader: Reader<E>,
    does: Box<Do<E>>,
}

impl<E: EventSet> Does for Typed<E> {
    fn begin(&self, delivered: &Delivered, id: EffectId) -> Result<Option<Doing>, Fault> {
        let event = self.reader.read(Envelope::clone(&delivered.event));
        let event = event
            .map_err(|error| Fault::Never(format!("effect-unreadable: {}", error_chain(&error))))?;
        Ok(event.and_then(|event| (self.does)(event, id)))
    }
}

/// An effect as a reaction.
pub(crate) struct EffectAct {
    service: Arc<str>,
    effect: Effect,
    book: Book,
    clock: Arc<dyn Clock>,
}

impl EffectAct {
    pub(super) const fn new(
        service: Arc<str>,
        effect: Effect,
        book: Book,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { service, effect, book, clock }
    }

    fn id(&self, delivered: &Delivered) -> EffectId {
        let (service, effect) = (&self.service, self.effect.name);
        let Delivered { source, epoch, event } = delivered;
        EffectId::derived(
            event.id,
            &format!("{service}/{effect}/{source}/{epoch}/{}", event.position),
        )
    }
}

/// What an effect that was had is kept under.
pub(super) fn ledger_key(id: EffectId) -> String {
    format!("sent/{id}")
}

#[async_trait]
impl Act for EffectAct {
    async fn act(&self, delivered: &Delivered) -> Result<Acted, Fault> {
        let does = self.effect.does.as_ref().map_err(|wrong| Fault::Never(wrong.to_string()))?;
        let id = self.id(delivered);
        let Some(doing) = does.begin(delivered, id)? else { return Ok(Acted::default()) };
        let not_kept =
            |error: super::book::BookError| Fault::Passes(format!("{}: {error}", error.code()));
        if self.book.get::<Sent>(&ledger_key(id)).await.map_err(not_kept)?.is_some() {
            return Ok(Acted::default());
        }
        let answer = doing.await.map_err(|error| match error {
            EffectError::NotNow(reason) => Fault::Passes(format!("effect-not-now: {reason}")),
            EffectError::Failed(reason) => Fault::Fails(format!("effect-failed: {reason}")),
            EffectError::Never(reason) => Fault::Never(format!("effect-never: {reason}")),
        })?;
        let position = delivered.event.position;
        let source = delivered.source.to_string();
        let sent = Sent { id, position, source, at: self.clock.now(), answer };
        let last = LastEvent { source: delivered.source.clone(), position };
        self.book.put(&ledger_key(id), &sent, last).await.map_err(not_kept)?;
        Ok(Acted { done: 1, refused: 0 })
    }
}

impl fmt::Debug for EffectAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EffectAct").field("effect", &self.effect.name).finish_non_exhaustive()
    }
}
