//! Traces as they are shown: named, masked, and in units that people read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::CorrelationId;
use ondol_trace::{Ended, Kind, Piece, Value, Why};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::{TRACES_PER_PAGE_MAX, TraceQuestion};
use crate::mask;

/// How many traces are answered with where nobody says.
const TRACES_PER_PAGE_USUAL: usize = 50;

/// A trace in a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Which one.
    pub trace_id: String,
    /// What began it, as far as it is kept.
    pub name: String,
    /// When.
    pub begun: String,
    /// How long what began it took, in milliseconds.
    pub duration_ms: f64,
    /// From its beginning to the end of the last that belongs to it, in milliseconds.
    pub whole_ms: f64,
    /// How many spans of it are kept.
    pub spans: usize,
    /// Whether something went wrong in it.
    pub has_failed: bool,
    /// Whether it is kept because it was slow.
    pub is_slow: bool,
    /// The business flow it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownSpan {
    /// Which one.
    pub span_id: String,
    /// What it is called.
    pub name: String,
    /// What it is towards others.
    pub kind: &'static str,
    /// When it began.
    pub begun: String,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Whether something went wrong in it.
    pub has_failed: bool,
    /// What it waited for, in milliseconds each.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub waited_ms: Map<String, Json>,
    /// What there is to know about it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Json>,
    /// What was told in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<ShownTold>,
}

/// Something that was told in a span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownTold {
    /// How long after the span had begun, in milliseconds.
    pub after_ms: f64,
    /// Whether it was an error.
    pub is_error: bool,
    /// What was said.
    pub message: String,
}

/// A span's name as OpenTelemetry has them: of few values, and never with a key in it.
pub fn name_of(span: &Ended) -> String {
    let text = |name: &str| {
        let found = span.fields.iter().find(|(known, _)| *known == name);
        match found {
            Some((_, Value::Text(text))) => text.as_str(),
            Some((_, Value::Word(word))) => word,
            _ => "",
        }
    };
    let name = match span.name {
        "request" => format!("{} {}", text("http.request.method"), text("http.route")),
        "gateway" => format!("gateway {} {}", text("http.request.method"), text("ondol.route")),
        "command" => format!("command {}", text("ondol.kind")),
        "delivery" => format!("process {}", text("messaging.destination.name")),
        "policy" => format!("policy {}", text("ondol.policy")),
        "saga" => {
            format!("{} {} {}", text("ondol.saga"), text("ondol.asks"), text("ondol.step"))
        }
        "timer" => format!("timer {} {}", text("ondol.kind"), text("ondol.timer")),
        other => other.to_owned(),
    };
    name.trim_end().to_owned()
}

pub(super) fn shown(span: &Ended) -> ShownSpan {
    let attribute = |(name, value): &(&'static str, Value)| ((*name).to_owned(), json(name, value));
    let waited = |waited: &ondol_trace::Waited| (waited.what.to_owned(), ms(waited.long).into());
    let told = |told: &ondol_trace::Told| ShownTold {
        after_ms: ms(told.after),
        is_error: told.is_error,
        message: mask::text(&told.message),
    };
    ShownSpan {
        span_id: format!("{:016x}", span.context.parent_id()),
        name: mask::text(&name_of(span)),
        kind: kind(span.kind),
        begun: span.begun.to_string(),
        duration_ms: ms(span.long),
        has_failed: span.has_failed,
        waited_ms: span.waits.iter().map(waited).collect(),
        attributes: span.fields.iter().map(attribute).collect(),
        told: span.told.iter().map(told).collect(),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal => "internal",
        Kind::Server => "server",
        Kind::Client => "client",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    }
}

fn json(name: &str, value: &Value) -> Json {
    match value {
        Value::Text(text) => mask::field(name, text).into(),
        _ if mask::is_secret(name) => mask::HIDDEN.into(),
        Value::Word(word) => (*word).into(),
        Value::Number(number) => (*number).into(),
        Value::Signed(number) => (*number).into(),
        Value::Fraction(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
    }
}

pub(super) fn ms(long: Duration) -> f64 {
    long.as_secs_f64() * 1000.0
}

/// The traces that these pieces are of and that somebody wants to see, the newest first.
pub(super) fn summaries(pieces: &[Arc<Piece>], question: &TraceQuestion) -> Vec<Summary> {
    let mut traces: BTreeMap<u128, Vec<&Piece>> = BTreeMap::new();
    for piece in pieces {
        if let Some(first) = piece.spans.first() {
            traces.entry(first.context.trace_id()).or_default().push(piece);
        }
    }
    let wanted = traces.into_iter().filter_map(|(trace, pieces)| summary(trace, &pieces, question));
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort_by(|one, other| other.begun.cmp(&one.begun));
    wanted.truncate(question.limit.unwrap_or(TRACES_PER_PAGE_USUAL).min(TRACES_PER_PAGE_MAX));
    wanted
}

fn summary(trace: u128, pieces: &[&Piece], question: &TraceQuestion) -> Option<Summary> {
    let spans = || pieces.iter().flat_map(|piece| &piece.spans);
    let outermost = pieces.iter().filter_map(|piece| piece.spans.first());
    let first = outermost.min_by_key(|span| span.begun)?;
    let end = |span: &Ended| span.begun.checked_add(span.long).unwrap_or(span.begun);
    let last = spans().map(end).max()?;
    let has_failed = spans().any(|span| span.has_failed);
    let correlation = spans().find_map(|span| span.correlation);
    let whole = last.since(first.begun);
    let is_named = |wanted: &String| spans().any(|span| name_of(span).contains(wanted.as_str()));
    let is_wanted = (!question.failed || has_failed)
        && whole >= Duration::from_millis(question.longer_ms)
        && question.correlation.is_none_or(|_| question.correlation == correlation)
        && question.name.as_ref().is_none_or(is_named);
    is_wanted.then(|| Summary {
        trace_id: format!("{trace:032x}"),
        name: mask::text(&name_of(first)),
        begun: first.begun.to_string(),
        duration_ms: ms(first.long),
        whole_ms: ms(whole),
        spans: spans().count(),
        has_failed,
        is_slow: pieces.iter().any(|piece| piece.why == Why::Slow),
        correlation,
    })
}
