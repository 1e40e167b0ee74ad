//! Writes an answer's head, and says how its body is framed.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, Method, Response, StatusCode};

use super::head::Version;
use super::write::Writer;
use crate::body::Body;
use crate::handle::Ask;

/// How a body leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// There is none.
    Nothing,
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection is closed.
    UntilClose,
}

/// To whom an answer goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) head_only: bool,
    pub(crate) version: Version,
    pub(crate) close: bool,
}

impl Asked {
    pub(crate) fn by(method: &Method, version: Version, close: bool) -> Self {
        Self { head_only: *method == Method::HEAD, version, close }
    }
}

/// Whether an answer with this status never has a body.
pub(crate) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

/// Writes the head.
pub(crate) fn write_head(writer: &mut Writer, response: &Response<Body>, asked: Asked) -> Outgoing {
    let status = response.status();
    write_status(writer, status);
    let framing = frame(response, asked);
    let keeps_length = asked.head_only || status == StatusCode::NOT_MODIFIED;
    write_fields(writer, response.headers(), keeps_length);
    match framing {
        Outgoing::Length(length) => {
            writer.buffer.extend_from_slice(b"content-length: ");
            writer.number::<10>(usize::try_from(length).unwrap_or(usize::MAX));
            writer.buffer.extend_from_slice(b"\r\n");
        }
        Outgoing::Chunked => writer.buffer.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Outgoing::Nothing | Outgoing::UntilClose => {}
    }
    if status == StatusCode::SWITCHING_PROTOCOLS {
        writer.buffer.extend_from_slice(b"connection: upgrade\r\n");
    } else if asked.close || framing == Outgoing::UntilClose {
        writer.buffer.extend_from_slice(b"connection: close\r\n");
    }
    writer.buffer.extend_from_slice(b"\r\n");
    framing
}

fn frame(response: &Response<Body>, asked: Asked) -> Outgoing {
    if asked.head_only || is_bodiless(response.status()) {
        return Outgoing::Nothing;
    }
    match (response.body().length(), asked.version) {
        (Some(length), _) => Outgoing::Length(length),
        (None, Version::Eleven) => Outgoing::Chunked,
        (None, Version::Ten) => Outgoing::UntilClose,
    }
}

fn write_status(writer: &mut Writer, status: StatusCode) {
    if status == StatusCode::OK {
        writer.buffer.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    writer.buffer.extend_from_slice(b"HTTP/1.1 ");
    writer.buffer.extend_from_slice(status.as_str().as_bytes());
    writer.buffer.extend_from_slice(b" ");
    let reason = status.canonical_reason().unwrap_or("Unnamed");
    writer.buffer.extend_from_slice(reason.as_bytes());
    writer.buffer.extend_from_slice(b"\r\n");
}

fn write_fields(writer: &mut Writer, headers: &HeaderMap, keeps_length: bool) {
    for (name, value) in headers {
        let ours = *name == CONNECTION
            || *name == TRANSFER_ENCODING
            || (*name == CONTENT_LENGTH && !keeps_length);
        if !ours {
            writer.header(name.as_str(), value.as_bytes());
        }
    }
}

/// Writes the head of a request to an upstream.
pub(crate) fn write_request(
    writer: &mut Writer,
    ask: &Ask,
    target: &str,
    framing: Outgoing,
    upgrade: bool,
) {
    let buffer = &mut writer.buffer;
    buffer.extend_from_slice(ask.method.as_str().as_bytes());
    buffer.extend_from_slice(b" ");
    buffer.extend_from_slice(target.as_bytes());
    buffer.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &ask.headers {
        let ours = *name == CONNECTION
            || *name == TRANSFER_ENCODING
            || *name == CONTENT_LENGTH
            || (*name == UPGRADE && !upgrade);
        if !ours {
            writer.header(name.as_str(), value.as_bytes());
        }
    }
    match framing {
        Outgoing::Length(0) if !wants_length(&ask.method) => {}
        Outgoing::Length(length) => {
            writer.buffer.extend_from_slice(b"content-length: ");
            writer.number::<10>(usize::try_from(length).unwrap_or(usize::MAX));
            writer.buffer.extend_from_slice(b"\r\n");
        }
        Outgoing::Chunked => writer.buffer.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Outgoing::Nothing | Outgoing::UntilClose => {}
    }
    if upgrade {
        writer.buffer.extend_from_slice(b"connection: upgrade\r\n");
    }
    writer.buffer.extend_from_slice(b"\r\n");
}

/// Whether a request of this kind says that it has no body.
fn wants_length(method: &Method) -> bool {
    *method == Method::POST || *method == Method::PUT || *method == Method::PATCH
}
