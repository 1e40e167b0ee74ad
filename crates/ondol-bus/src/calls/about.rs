//! What surrounds a call.

use ondol_kernel::{Actor, CausationId, CommandId, CorrelationId, Envelope, Tenant, TraceParent};
use serde::{Deserialize, Serialize};

/// Everything about a call but what is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The id under which it takes effect once.
    pub command: CommandId,
    /// The business flow it belongs to; a new one, named after the command, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
    /// The message that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<CausationId>,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// On whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Tenant>,
    /// The trace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
}

impl About {
    /// A command of which nothing is said but its id.
    pub const fn new(command: CommandId) -> Self {
        Self {
            command,
            correlation: None,
            causation: None,
            actor: None,
            tenant: None,
            traceparent: None,
        }
    }

    /// A command that follows from an event: it belongs to the same flow, the same trace, and is
    /// asked on behalf of the same tenant.
    pub fn following(event: &Envelope, command: CommandId) -> Self {
        let metadata = &event.metadata;
        Self {
            command,
            correlation: metadata.correlation,
            causation: Some(event.id.of()),
            actor: metadata.actor.clone(),
            tenant: metadata.tenant.clone(),
            traceparent: metadata.traceparent,
        }
    }
}
