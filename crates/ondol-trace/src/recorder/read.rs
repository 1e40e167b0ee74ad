//! What a span says of itself.

use std::fmt::{self, Debug, Write as _};
use std::time::Duration;

use ondol_kernel::{CorrelationId, TraceParent};
use tracing::field::{Field, Visit};

use crate::ended::{FIELDS_MAX, Kind, TEXT_BYTES_MAX, Value};

/// What a span has said of itself.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) kind: Kind,
    pub(super) parent: (u128, u64, u8),
    pub(super) link: (u128, u64, u8),
    pub(super) correlation: Option<CorrelationId>,
    pub(super) has_failed: bool,
    /// How long ago it began, if it is told of at its end.
    pub(super) ago: Duration,
    /// Whether it was chosen before, where it begins a trace.
    pub(super) is_chosen: Option<bool>,
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Said {
    pub(super) fn parent(&self) -> Option<TraceParent> {
        let (trace, span, flags) = self.parent;
        TraceParent::new(trace, span, flags)
    }

    pub(super) fn link(&self) -> Option<TraceParent> {
        let (trace, span, flags) = self.link;
        TraceParent::new(trace, span, flags)
    }

    fn add(&mut self, field: &Field, value: Value) {
        let name = field.name();
        self.has_failed |= name == "error.type";
        if let Some(known) = self.fields.iter_mut().find(|known| known.0 == name) {
            known.1 = value;
        } else if self.fields.len() < FIELDS_MAX {
            self.fields.push((name, value));
        }
    }
}

impl Visit for Said {
    fn record_u128(&mut self, field: &Field, value: u128) {
        match field.name() {
            "parent.trace" => self.parent.0 = value,
            "link.trace" => self.link.0 = value,
            "correlation" => self.correlation = Some(CorrelationId::from_u128(value)),
            _ => self.add(field, Value::Text(format!("{value:032x}"))),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let flags = |value: u64| u8::from(value & 1 != 0);
        match field.name() {
            "parent.span" => self.parent.1 = value,
            "parent.flags" => self.parent.2 = flags(value),
            "link.span" => self.link.1 = value,
            "link.flags" => self.link.2 = flags(value),
            "ago" => self.ago = Duration::from_nanos(value),
            _ => self.add(field, Value::Number(value)),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Fraction(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "chosen" => self.is_chosen = Some(value),
            _ => self.add(field, Value::Flag(value)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != "otel.kind" {
            let kept = &value[..value.floor_char_boundary(TEXT_BYTES_MAX)];
            self.add(field, Value::Text(kept.to_owned()));
            return;
        }
        self.kind = match value {
            "server" => Kind::Server,
            "client" => Kind::Client,
            "producer" => Kind::Producer,
            "consumer" => Kind::Consumer,
            _ => Kind::Internal,
        };
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Written to a text, this cannot fail but by the value's own will.
        let (Ok(()) | Err(fmt::Error)) = write!(text, "{value:?}");
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        self.add(field, Value::Text(text));
    }
}

/// What was told in a span: the message, and what was said beside it.
#[derive(Debug, Default)]
pub(super) struct Message(pub(super) String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.0.len() >= TEXT_BYTES_MAX {
            return;
        }
        let written = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        let (Ok(()) | Err(fmt::Error)) = written;
        self.0.truncate(self.0.floor_char_boundary(TEXT_BYTES_MAX));
    }
}
