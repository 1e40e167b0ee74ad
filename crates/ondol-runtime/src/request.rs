//! What surrounds a command: its id, who asks, because of what, and on which conditions.

use ondol_kernel::{
    Actor, CausationId, CommandId, CorrelationId, Metadata, Tag, Tenant, Timestamp, TraceParent,
    Version,
};
use ondol_store::Condition;

/// Where a command comes from, which decides where a refusal of it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// From outside: refusals are kept for a day, in a bounded place that outlives the process.
    /// Nobody can grow the log by asking for what is refused.
    #[default]
    Outside,
    /// From a saga, a policy or a timer of the house: a refusal decides how it goes on, so it is
    /// kept in the log.
    Inside,
}

/// Everything about a command but the command.
#[derive(Debug, Clone)]
pub struct Request {
    /// The id under which it takes effect once.
    pub command: CommandId,
    /// Where it comes from.
    pub origin: Origin,
    /// The business flow it belongs to; a new one, named after the command, if none is named.
    pub correlation: Option<CorrelationId>,
    /// The message that caused it. Of a request from outside: what it says, so that another one
    /// under the same id is told from the same one again.
    pub causation: Option<CausationId>,
    /// Who asks.
    pub actor: Option<Actor>,
    /// On whose behalf.
    pub tenant: Option<Tenant>,
    /// The trace it belongs to.
    pub traceparent: Option<TraceParent>,
    /// The version that whoever asks has seen: should the thing have moved on, they want to know.
    pub expected: Option<Version>,
    /// What must not have happened anywhere in the log.
    pub conditions: Vec<Condition>,
}

impl Request {
    /// A command from outside, with nothing said but its id.
    pub const fn new(command: CommandId) -> Self {
        Self {
            command,
            origin: Origin::Outside,
            correlation: None,
            causation: None,
            actor: None,
            tenant: None,
            traceparent: None,
            expected: None,
            conditions: Vec::new(),
        }
    }

    /// The same, from inside the house.
    #[must_use]
    pub fn inside(mut self) -> Self {
        self.origin = Origin::Inside;
        self
    }

    /// The same, for one who has seen this version.
    #[must_use]
    pub fn expecting(mut self, version: Version) -> Self {
        self.expected = Some(version);
        self
    }

    /// The same, on a further condition.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// What surrounds an event that the command brings about.
    pub(crate) fn metadata(&self, time: Timestamp, tags: Vec<Tag>) -> Metadata {
        Metadata {
            time,
            command: Some(self.command),
            correlation: Some(self.correlation.unwrap_or_else(|| self.command.of())),
            causation: Some(self.causation.unwrap_or_else(|| self.command.of())),
            actor: self.actor.clone(),
            traceparent: self.traceparent,
            tenant: self.tenant.clone(),
            tags,
        }
    }
}
