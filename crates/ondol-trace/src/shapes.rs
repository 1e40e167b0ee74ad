//! The spans of the house, by what they are of. Names and fields are OpenTelemetry's where it has
//! them, and begin with `ondol.` where it has none.
//!
//! `parent.…` is who waits for the span, `link.…` what it follows. Numbers are handed over as they
//! are: nothing is written before it is known that somebody keeps it.

use ondol_kernel::TraceParent;
use tracing::field::{Empty, display};
use tracing::{Span, info_span};

use crate::Origin;

/// The target of all spans of the house: whoever listens to them asks for this.
pub const TARGET: &str = "ondol::span";

/// A request that has come in over HTTP. All of them have one, whether it is kept or not.
pub fn server(method: &str, route: Option<&str>, parent: Option<TraceParent>) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "request",
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
        parent.trace = parent.map(TraceParent::trace_id),
        parent.span = parent.map(TraceParent::parent_id),
        parent.flags = parent.map(|parent| u64::from(parent.flags())),
    )
}

/// What a request was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", u64::from(status));
    if status >= 500 {
        span.record("error.type", u64::from(status));
    }
}

/// It went wrong, and this is the code of what did.
pub fn failed(span: &Span, code: &str) {
    span.record("error.type", display(code));
}

/// A command at the desk of a kind of things.
pub fn command(kind: &'static str, key: &str, origin: Origin) -> Span {
    info_span!(
        target: TARGET,
        "command",
        otel.kind = "internal",
        ondol.kind = kind,
        ondol.key = key,
        error.type = Empty,
        correlation = origin.correlated(),
        parent.trace = origin.trace_id(),
        parent.span = origin.span_id(),
        parent.flags = origin.flags(),
        ago = origin.ago_nanos(),
        chosen = origin.is_chosen,
    )
}

/// An event that has come over a feed and is dealt with.
pub fn delivery((feed, event_type, position): (&str, &str, u64), origin: Origin) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "delivery",
        otel.kind = "consumer",
        messaging.system = "ondol",
        messaging.operation.type = "process",
        messaging.destination.name = feed,
        messaging.message.type = event_type,
        messaging.message.id = position,
        error.type = Empty,
        correlation = origin.correlated(),
        link.trace = origin.trace_id(),
        link.span = origin.span_id(),
        link.flags = origin.flags(),
        ago = origin.ago_nanos(),
        chosen = origin.is_chosen,
    )
}

/// A policy that asks something because of what was delivered.
pub fn policy(name: &'static str, asks: &str, origin: Origin) -> Span {
    info_span!(
        target: TARGET,
        "policy",
        otel.kind = "internal",
        ondol.policy = name,
        ondol.asks = asks,
        error.type = Empty,
        correlation = origin.correlated(),
        parent.trace = origin.trace_id(),
        parent.span = origin.span_id(),
        parent.flags = origin.flags(),
        ago = origin.ago_nanos(),
        chosen = origin.is_chosen,
    )
}

/// A question that a saga asks.
pub fn saga_step((saga, step, what): (&str, &str, &'static str), origin: Origin) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "saga",
        otel.kind = "internal",
        ondol.saga = saga,
        ondol.step = step,
        ondol.asks = what,
        error.type = Empty,
        correlation = origin.correlated(),
        link.trace = origin.trace_id(),
        link.span = origin.span_id(),
        link.flags = origin.flags(),
        ago = origin.ago_nanos(),
        chosen = origin.is_chosen,
    )
}

/// A timer that fires.
pub fn timer(kind: &str, name: &str, origin: Origin) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "timer",
        otel.kind = "internal",
        ondol.kind = kind,
        ondol.timer = name,
        error.type = Empty,
        correlation = origin.correlated(),
        link.trace = origin.trace_id(),
        link.span = origin.span_id(),
        link.flags = origin.flags(),
        ago = origin.ago_nanos(),
        chosen = origin.is_chosen,
    )
}
