//! What the gateway itself says about a request to whoever is behind it.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{HOST, HeaderName};

use super::{Exchange, Record};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

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
    record.trace(headers).tell(headers);
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
