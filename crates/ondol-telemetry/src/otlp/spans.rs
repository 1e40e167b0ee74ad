//! Spans as OTLP has them.

use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::TraceParent;
use ondol_trace::{Ended, Kind, Piece, Told, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::attribute::{attribute, number, resource, scope, text};
use super::nanos;
use crate::{mask, traces};

/// The request that hands over pieces of work of a program.
pub(super) fn request(program: &str, pieces: &[Arc<Piece>]) -> Vec<u8> {
    let spans = pieces.iter().flat_map(|piece| &piece.spans).map(span).collect();
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource(program)),
            scope_spans: vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

fn span(of: &Ended) -> Span {
    let begun = nanos(of.begun);
    let mut attributes: Vec<_> = of.fields.iter().map(|(name, value)| field(name, value)).collect();
    if let Some(correlation) = of.correlation {
        attributes.push(text("ondol.correlation", &correlation.to_string()));
    }
    for waited in &of.waits {
        let name = format!("ondol.waited.{}", waited.what);
        attributes.push(attribute(&name, Any::DoubleValue(waited.long.as_secs_f64())));
    }
    let status =
        of.has_failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() });
    Span {
        trace_id: of.context.trace_id().to_be_bytes().to_vec(),
        span_id: of.context.parent_id().to_be_bytes().to_vec(),
        parent_span_id: of.parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        flags: u32::from(of.context.flags()),
        name: mask::text(&traces::name_of(of)),
        kind: kind(of.kind).into(),
        start_time_unix_nano: begun,
        end_time_unix_nano: begun.saturating_add(long_nanos(of.long)),
        attributes,
        events: of.told.iter().map(|told| event(begun, told)).collect(),
        links: of.link.map(link).into_iter().collect(),
        status,
        ..Span::default()
    }
}

fn link(to: TraceParent) -> Link {
    Link {
        trace_id: to.trace_id().to_be_bytes().to_vec(),
        span_id: to.parent_id().to_be_bytes().to_vec(),
        flags: u32::from(to.flags()),
        ..Link::default()
    }
}

fn event(begun: u64, told: &Told) -> Event {
    Event {
        time_unix_nano: begun.saturating_add(long_nanos(told.after)),
        name: if told.is_error { "error" } else { "warning" }.to_owned(),
        attributes: vec![text("message", &mask::text(&told.message))],
        ..Event::default()
    }
}

const fn kind(kind: Kind) -> SpanKind {
    match kind {
        Kind::Internal => SpanKind::Internal,
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Producer => SpanKind::Producer,
        Kind::Consumer => SpanKind::Consumer,
    }
}

fn field(name: &str, value: &Value) -> KeyValue {
    let told = match value {
        Value::Text(text) => Any::StringValue(mask::field(name, text)),
        _ if mask::is_secret(name) => Any::StringValue(mask::HIDDEN.to_owned()),
        Value::Word(word) => Any::StringValue((*word).to_owned()),
        Value::Number(value) => number(*value),
        Value::Signed(number) => Any::IntValue(*number),
        Value::Fraction(number) => Any::DoubleValue(*number),
        Value::Flag(flag) => Any::BoolValue(*flag),
    };
    attribute(name, told)
}

fn long_nanos(long: Duration) -> u64 {
    u64::try_from(long.as_nanos()).unwrap_or(u64::MAX)
}
