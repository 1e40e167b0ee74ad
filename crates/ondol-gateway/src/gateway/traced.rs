//! A request as a part of a trace: what it came with, what goes on from here, and what is told of it at
//! its end to whoever listens.
//!
//! What goes out carries the span of the gateway, for every attempt and every part the same: whoever is
//! behind it is waited for by the gateway as a whole.

use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use ondol_kernel::TraceParent;
use ondol_trace::{Kind, Known, Over, Value, Waited};

use super::record::{Line, Record};
use crate::handle::Sent;

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// The flags of a trace that is written down whole, and of one that is not.
const WHOLE: [u8; 2] = *b"01";
const NOT_WHOLE: [u8; 2] = *b"00";

/// The trace that a request is part of, in hexadecimal digits as they go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: [u8; 32],
    /// The span of whoever asks.
    parent: Option<[u8; 16]>,
    /// The gateway's.
    pub(crate) span: [u8; 16],
    flags: [u8; 2],
}

/// What is known only when a request is over.
pub(super) struct Ending<'a> {
    pub(super) route: Option<&'a str>,
    pub(super) reason: Option<&'static str>,
    pub(super) sent: Sent,
    /// How long ago it came.
    pub(super) ago: Duration,
    /// How long it took until there was an answer.
    pub(super) long: Duration,
    pub(super) upstream_wait: Duration,
    pub(super) tries: u32,
}

impl Trace {
    /// That which a request came with, or a new one; and the gateway's span of it.
    pub(super) fn of(headers: &HeaderMap, record: &Record) -> Self {
        let mut values = headers.get_all(&TRACE_PARENT).iter();
        let came = values.next().filter(|_| values.next().is_none()).and_then(read);
        let span = hex16(record.random());
        match came {
            Some((id, parent, flags)) => Self { id, parent: Some(parent), span, flags },
            None => Self {
                id: hex32(record.random_wide()),
                parent: None,
                span,
                // Where nobody listens here, those behind the gateway are not kept from writing it down.
                flags: if record.begins_whole().unwrap_or(true) { WHOLE } else { NOT_WHOLE },
            },
        }
    }

    /// Says to whoever is behind the gateway what he is part of.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if self.parent.is_none() {
            headers.remove("tracestate");
        }
        let mut text = [b'-'; 55];
        text[..2].copy_from_slice(b"00");
        text[3..35].copy_from_slice(&self.id);
        text[36..52].copy_from_slice(&self.span);
        text[53..].copy_from_slice(&self.flags);
        if let Ok(value) = HeaderValue::from_bytes(&text) {
            headers.insert(TRACE_PARENT, value);
        }
    }

    /// Tells whoever listens that the request is over.
    pub(super) fn over(&self, line: &Line, ending: &Ending<'_>) {
        let flags = u8::from(self.flags[1] & 1 != 0);
        let Some(context) = TraceParent::new(number(&self.id), half(&self.span), flags) else {
            return;
        };
        let work = Over {
            name: "gateway",
            kind: Kind::Server,
            context,
            parent: self.parent.map(|parent| half(&parent)),
            ago: ending.ago,
            long: ending.long,
            has_failed: ending.sent.status.is_server_error(),
        };
        ondol_trace::over(work, || known(line, ending));
    }
}

fn known(line: &Line, ending: &Ending<'_>) -> Known {
    let status = ending.sent.status.as_u16();
    let mut fields = vec![("http.response.status_code", Value::Number(u64::from(status)))];
    let text = |text: &str| Value::Text(text.to_owned());
    let texts = [
        ("http.request.method", line.method.as_ref().map(|method| text(method.as_str()))),
        ("ondol.route", ending.route.map(text)),
        ("url.path", line.target.as_ref().map(|target| text(target.path()))),
        ("server.address", line.upstream.as_deref().map(text)),
    ];
    fields.extend(texts.into_iter().filter_map(|(name, value)| Some((name, value?))));
    if ending.tries > 1 {
        fields.push(("http.request.resend_count", Value::Number(u64::from(ending.tries - 1))));
    }
    if let Some(reason) = ending.reason {
        fields.push(("ondol.reason", Value::Word(reason)));
    }
    if status >= 500 {
        let code = Value::Number(u64::from(status));
        fields.push(("error.type", ending.reason.map_or(code, Value::Word)));
    }
    let waited = Waited { what: "upstream", long: ending.upstream_wait };
    let waits = Some(waited).filter(|waited| !waited.long.is_zero()).into_iter().collect();
    Known { waits, fields }
}

/// What the header says, if it is as W3C Trace Context has it: the trace, the span, the flags.
fn read(value: &HeaderValue) -> Option<([u8; 32], [u8; 16], [u8; 2])> {
    let bytes = value.as_bytes();
    let hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let some = |part: &[u8]| part.iter().any(|byte| *byte != b'0');
    let shaped = bytes.len() == 55
        && bytes.starts_with(b"00-")
        && bytes[35] == b'-'
        && bytes[52] == b'-'
        && hex(&bytes[3..35])
        && hex(&bytes[36..52])
        && hex(&bytes[53..])
        && some(&bytes[3..35])
        && some(&bytes[36..52]);
    let trace = bytes.get(3..35).filter(|_| shaped)?.try_into().ok()?;
    Some((trace, bytes.get(36..52)?.try_into().ok()?, bytes.get(53..)?.try_into().ok()?))
}

fn hex16(number: u64) -> [u8; 16] {
    // A span of zeros would be no span.
    let number = number.max(1);
    std::array::from_fn(|digit| {
        let nibble = (number >> (60 - 4 * digit)) & 15;
        b"0123456789abcdef"[usize::try_from(nibble).unwrap_or(0)]
    })
}

fn hex32((high, low): (u64, u64)) -> [u8; 32] {
    let (high, low) = (hex16(high), hex16(low));
    std::array::from_fn(|digit| if digit < 16 { high[digit] } else { low[digit - 16] })
}

/// The number that digits say; none of what is not one.
fn number(hex: &[u8]) -> u128 {
    let text = std::str::from_utf8(hex).unwrap_or_default();
    u128::from_str_radix(text, 16).unwrap_or(0)
}

fn half(hex: &[u8; 16]) -> u64 {
    u64::try_from(number(hex)).unwrap_or(0)
}
