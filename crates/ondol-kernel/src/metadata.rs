//! What surrounds an event: who, when, because of what, on whose behalf.

use serde::{Deserialize, Serialize};

use crate::name::names;
use crate::{CausationId, CommandId, CorrelationId, Timestamp, TraceParent};

names! {
    /// What an event is found by besides its stream: `email:kim@example.kr`, `seat:12A`.
    Tag = "a tag";
    /// Who acted: a person, a service, a timer.
    Actor = "the name of an actor";
    /// On whose behalf, where one house serves several.
    Tenant = "the name of a tenant";
}

/// What surrounds an event. It is never read by a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metadata {
    /// When it happened, by the clock of whoever recorded it.
    pub time: Timestamp,
    /// The command that brought it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// The business flow it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
    /// The message that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<CausationId>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The trace it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    /// What it can be found by, and what an append condition can ask about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}
