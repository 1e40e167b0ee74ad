//! Those who take part in a proof: things that decide, and services that answer.
//!
//! They keep what everybody keeps who is asked by a saga: a command takes effect once, its answer
//! is the answer for ever, and one that was made void never takes effect.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ondol_bus::Reply;
use ondol_domain::{Aggregate, Call, Contract, Holder, Refused, Target};
use ondol_kernel::{CommandId, Payload, Position};

/// How those who take part stand.
#[derive(Clone, Default)]
pub struct Books {
    parts: Vec<Box<dyn Part>>,
    answers: BTreeMap<CommandId, Reply>,
}

/// One who takes part.
pub(crate) trait Part: fmt::Debug + Send + Sync {
    fn takes(&self, call: &Call) -> bool;
    fn ask(&mut self, call: &Call) -> Result<Payload, Refused>;
    /// Which saga holds what is asked for, so that whoever asks has to wait.
    fn held_by(&self, _call: &Call) -> Option<Holder> {
        None
    }
    fn boxed(&self) -> Box<dyn Part>;
    fn as_any(&self) -> &dyn Any;
}

impl Clone for Box<dyn Part> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

impl Books {
    pub(crate) fn add(&mut self, part: impl Part + 'static) {
        self.parts.push(Box::new(part));
    }

    /// All things of one kind, by their keys.
    pub fn things<A: Aggregate>(&self) -> BTreeMap<String, A> {
        let found = self.parts.iter().find_map(|part| part.as_any().downcast_ref::<Things<A>>());
        found.map(|things| things.0.clone()).unwrap_or_default()
    }

    /// How one of the services stands.
    ///
    /// # Panics
    /// When none of them stands so.
    pub fn service<S: 'static>(&self) -> &S {
        let found = self.parts.iter().find_map(|part| part.as_any().downcast_ref::<S>());
        found.expect("one of those who take part stands so")
    }

    /// Asks under an id, once and for all.
    pub(crate) fn ask(&mut self, call: &Call, command: CommandId) -> Reply {
        if let Some(answer) = self.answers.get(&command) {
            return answer.clone();
        }
        let reply = self.try_out(call);
        self.answers.insert(command, reply.clone());
        reply
    }

    /// Which saga holds what is asked for, unless it has been answered before.
    pub(super) fn held_by(&self, call: &Call, command: CommandId) -> Option<Holder> {
        let part = self.parts.iter().find(|part| part.takes(call));
        let is_answered = self.answers.contains_key(&command);
        part.filter(|_| !is_answered).and_then(|part| part.held_by(call))
    }

    /// Asks under no id: whoever is asked decides, whatever it was asked before.
    pub(super) fn try_out(&mut self, call: &Call) -> Reply {
        let part = self.parts.iter_mut().find(|part| part.takes(call));
        match part.map(|part| part.ask(call)) {
            Some(Ok(data)) => Reply::Done { data, position: Position::START },
            Some(Err(refused)) => Reply::Refused(refused),
            None => Reply::Refused(refusal("nobody", format!("nobody takes part as {call:?}"))),
        }
    }

    /// Refuses whatever would be asked under an id.
    pub(super) fn refuse(&mut self, command: CommandId) -> Reply {
        let refused = Reply::Refused(refusal("proof.refused", "the proof has it refused".into()));
        self.answers.entry(command).or_insert(refused).clone()
    }

    pub(crate) fn void(&mut self, command: CommandId) -> Reply {
        self.answers.entry(command).or_insert(Reply::Voided).clone()
    }

    pub(super) fn answer(&self, command: CommandId) -> Option<&Reply> {
        self.answers.get(&command)
    }

    /// Whether those who take part stand alike.
    pub(super) fn stand_as(&self, other: &Self) -> bool {
        format!("{:?}", self.parts) == format!("{:?}", other.parts)
    }
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.parts).finish()
    }
}

fn refusal(code: &str, message: String) -> Refused {
    Refused { code: code.to_owned(), message, data: Payload::json("null") }
}

/// Things of one kind.
#[derive(Debug, Clone)]
pub(super) struct Things<A>(pub(super) BTreeMap<String, A>);

impl<A: Aggregate> Part for Things<A> {
    fn takes(&self, call: &Call) -> bool {
        matches!(&call.target, Target::Aggregate(kind) if kind == A::KIND)
    }

    fn ask(&mut self, call: &Call) -> Result<Payload, Refused> {
        let command = call.read().map_err(|error| refusal("command", error.to_string()))?;
        let thing = self.0.entry(call.key.clone()).or_default();
        match thing.decide(command) {
            Err(refused) => Err(Refused::by::<A>(&refused)
                .unwrap_or_else(|error| refusal("refusal", error.to_string()))),
            Ok(events) => {
                let events = events.iter().try_fold(thing.clone(), A::evolve);
                *thing = events.map_err(|error| refusal("impossible", error.to_string()))?;
                Ok(Payload::json("null"))
            }
        }
    }

    fn held_by(&self, call: &Call) -> Option<Holder> {
        let thing = self.0.get(&call.key).cloned().unwrap_or_default();
        let refusal = thing.decide(call.read().ok()?).err()?;
        A::waits_for(&refusal)
    }

    fn boxed(&self) -> Box<dyn Part> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

type Answer<S, C> = Arc<
    dyn Fn(&mut S, C) -> Result<<C as Contract>::Reply, <C as Contract>::Refusal> + Send + Sync,
>;

/// A service that answers.
pub(super) struct Answers<S, C: Contract> {
    pub(super) state: S,
    pub(super) answer: Answer<S, C>,
}

impl<S: fmt::Debug, C: Contract> fmt::Debug for Answers<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", C::SERVICE, self.state)
    }
}

impl<S, C> Part for Answers<S, C>
where
    S: fmt::Debug + Clone + Send + Sync + 'static,
    C: Contract,
{
    fn takes(&self, call: &Call) -> bool {
        matches!(&call.target, Target::Service(service) if service == C::SERVICE)
    }

    fn ask(&mut self, call: &Call) -> Result<Payload, Refused> {
        let command = call.read().map_err(|error| refusal("command", error.to_string()))?;
        match (self.answer)(&mut self.state, command) {
            Ok(reply) => serde_json::to_vec(&reply)
                .map(Payload::json)
                .map_err(|error| refusal("reply", error.to_string())),
            Err(refused) => Err(refusal(C::SERVICE, refused.to_string())),
        }
    }

    fn boxed(&self) -> Box<dyn Part> {
        Box::new(Self { state: self.state.clone(), answer: Arc::clone(&self.answer) })
    }

    fn as_any(&self) -> &dyn Any {
        &self.state
    }
}
