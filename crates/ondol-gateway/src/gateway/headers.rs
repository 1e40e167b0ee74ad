//! What the gateway itself says about a request to whoever is behind it.

use bytes::Bytes;
use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::{Exchange, Record};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Sets our headers.
pub(super) fn prepare(exchange: &mut Exchange, record: &mut Record) {
    let Exchange { ask, peer, route, .. } = exchange;
    let headers = &mut ask.headers;
    let came_from = match headers.get(&FORWARDED_FOR) {
        Some(before) => append(before, &peer.forwarded_for),
        None => peer.forwarded_for.clone(),
    };
    headers.insert(FORWARDED_FOR, came_from);
    if !headers.contains_key(&FORWARDED_PROTO) {
        let scheme = if peer.secure { "https" } else { "http" };
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
    }
    if !headers.contains_key(&FORWARDED_HOST)
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(FORWARDED_HOST, host);
    }
    trace(headers, record);
    if let Some(certificate) = peer.certificate.as_ref().filter(|_| route.forward_certificate) {
        headers.insert(CLIENT_CERT, certificate.field.clone());
    }
    if let Some(host) = &route.host {
        headers.insert(HOST, host.clone());
    }
}

fn append(before: &HeaderValue, address: &HeaderValue) -> HeaderValue {
    let mut text = Vec::with_capacity(before.len() + address.len() + 2);
    text.extend_from_slice(before.as_bytes());
    text.extend_from_slice(b", ");
    text.extend_from_slice(address.as_bytes());
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or_else(|_error| address.clone())
}

/// Continues the trace the request is part of, or begins one.
fn trace(headers: &mut HeaderMap, record: &mut Record) {
    let mut values = headers.get_all(&TRACE_PARENT).iter();
    let parent = values.next().filter(|_| values.next().is_none()).and_then(read_parent);
    let (trace, flags) = match parent {
        Some((trace, flags)) => (trace, flags),
        None => {
            headers.remove("tracestate");
            (hex32(record.random_wide()), *b"01")
        }
    };
    let span = hex16(record.random());
    record.trace(trace, span);
    let mut text = [b'-'; 55];
    text[..2].copy_from_slice(b"00");
    text[3..35].copy_from_slice(&trace);
    text[36..52].copy_from_slice(&span);
    text[53..].copy_from_slice(&flags);
    if let Ok(value) = HeaderValue::from_bytes(&text) {
        headers.insert(TRACE_PARENT, value);
    }
}

/// The trace's id and flags, if the header is as W3C Trace Context has it.
fn read_parent(value: &HeaderValue) -> Option<([u8; 32], [u8; 2])> {
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
    Some((trace, bytes.get(53..)?.try_into().ok()?))
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
