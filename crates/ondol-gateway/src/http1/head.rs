//! Takes a head apart: a request's, or an answer's.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode};
use memchr::memchr;

use super::grammar::trim;
use super::scan::{HeadError, HeadLimits, Scan};

/// Which HTTP/1 it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 1.0: closes after the answer, knows no chunks.
    Ten,
    /// 1.1.
    Eleven,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// Where the connection ends. Only answers.
    UntilClose,
}

/// A request's head. The headers are in the map it was read into.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) target: Bytes,
    pub(crate) version: Version,
    pub(crate) framing: Framing,
}

/// An answer's head. The headers are in the map it was read into.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
}

/// Takes a whole head out of the buffer, if it is there.
pub(crate) fn take_head(
    buffer: &mut BytesMut,
    scan: &mut Scan,
    limits: &HeadLimits,
) -> Result<Option<Bytes>, HeadError> {
    let Some(length) = scan.advance(buffer, limits)? else { return Ok(None) };
    *scan = Scan::default();
    Ok(Some(buffer.split_to(length).freeze()))
}

/// Understands a request's head; its headers go into `headers`.
pub(crate) fn read_request(
    head: &Bytes,
    headers: &mut HeaderMap,
) -> Result<RequestHead, HeadError> {
    let end = line_end(head, 0).ok_or(HeadError::RequestLine)?;
    let line = &head[..end];
    let space = memchr(b' ', line).ok_or(HeadError::RequestLine)?;
    let method = read_method(&line[..space])?;
    let rest = &line[space + 1..];
    let target_end = memchr(b' ', rest).ok_or(HeadError::RequestLine)?;
    let target = &rest[..target_end];
    if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(HeadError::RequestLine);
    }
    let version = read_version(&rest[target_end + 1..])?;
    let lengths = read_fields(head, end + 2, headers)?;
    let framing = match (lengths.length, lengths.chunked) {
        (Some(_), true) => return Err(HeadError::TwoFramings),
        (None, true) if version == Version::Ten => return Err(HeadError::TooOldForChunks),
        (None, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
    };
    let target = head.slice(space + 1..space + 1 + target_end);
    Ok(RequestHead { method, target, version, framing })
}

/// Understands an answer's head; its headers go into `headers`.
pub(crate) fn read_response(
    head: &Bytes,
    headers: &mut HeaderMap,
) -> Result<ResponseHead, HeadError> {
    let end = line_end(head, 0).ok_or(HeadError::StatusLine)?;
    let line = &head[..end];
    let (version, status) = match line {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', status @ ..] => {
            let version = if *minor == b'0' { Version::Ten } else { Version::Eleven };
            (version, status)
        }
        _ => return Err(HeadError::StatusLine),
    };
    let status = match status {
        digits if digits.len() == 3 => digits,
        [a, b, c, b' ', ..] => &[*a, *b, *c],
        _ => return Err(HeadError::StatusLine),
    };
    let status = StatusCode::from_bytes(status).map_err(|_error| HeadError::StatusLine)?;
    let lengths = read_fields(head, end + 2, headers)?;
    if lengths.length.is_some() && lengths.chunked {
        return Err(HeadError::TwoFramings);
    }
    Ok(ResponseHead { status, version, length: lengths.length, chunked: lengths.chunked })
}

/// Understands the lines of a trailer section, which ends in an empty line as a head does.
pub(crate) fn read_trailers(section: &Bytes, trailers: &mut HeaderMap) -> Result<(), HeadError> {
    read_fields(section, 0, trailers).map(|_lengths| ())
}

fn line_end(head: &[u8], from: usize) -> Option<usize> {
    memchr(b'\r', &head[from..]).map(|found| from + found)
}

fn read_method(bytes: &[u8]) -> Result<Method, HeadError> {
    const METHOD_BYTES_MAX: usize = 32;
    let known = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    // A token may be more, but no method in use is, and servers disagree about the rest.
    if bytes.is_empty() || bytes.len() > METHOD_BYTES_MAX || !bytes.iter().all(known) {
        return Err(HeadError::RequestLine);
    }
    Method::from_bytes(bytes).map_err(|_error| HeadError::Method)
}

fn read_version(bytes: &[u8]) -> Result<Version, HeadError> {
    match bytes {
        b"HTTP/1.1" => Ok(Version::Eleven),
        b"HTTP/1.0" => Ok(Version::Ten),
        [b'H', b'T', b'T', b'P', b'/', rest @ ..]
            if !rest.is_empty()
                && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') =>
        {
            Err(HeadError::Version)
        }
        _ => Err(HeadError::RequestLine),
    }
}

#[derive(Debug, Default)]
struct Lengths {
    length: Option<u64>,
    chunked: bool,
}

fn read_fields(head: &Bytes, mut at: usize, headers: &mut HeaderMap) -> Result<Lengths, HeadError> {
    let mut lengths = Lengths::default();
    while let Some(end) = line_end(head, at) {
        let line = &head[at..end];
        if line.is_empty() {
            break;
        }
        if matches!(line[0], b' ' | b'\t') {
            return Err(HeadError::Folded);
        }
        let colon = memchr(b':', line).ok_or(HeadError::NoColon)?;
        let name = read_name(&line[..colon])?;
        let value = trim(&line[colon + 1..]);
        if name == CONTENT_LENGTH {
            lengths.note_length(value)?;
        } else if name == TRANSFER_ENCODING {
            lengths.note_encoding(value)?;
        }
        let value = HeaderValue::from_maybe_shared(head.slice_ref(value));
        headers.append(name, value.map_err(|_error| HeadError::HeaderValue)?);
        at = end + 2;
    }
    Ok(lengths)
}

fn read_name(bytes: &[u8]) -> Result<HeaderName, HeadError> {
    // `from_bytes` takes tokens only, and an empty one is no token to it either.
    HeaderName::from_bytes(bytes).map_err(|_error| HeadError::HeaderName)
}

impl Lengths {
    fn note_length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        const DIGITS_MAX: usize = 18;
        let plain = !value.is_empty()
            && value.len() <= DIGITS_MAX
            && value.iter().all(u8::is_ascii_digit)
            && self.length.is_none();
        if !plain {
            return Err(HeadError::ContentLength);
        }
        let digits = value.iter().map(|digit| u64::from(digit - b'0'));
        self.length = Some(digits.fold(0, |number, digit| number * 10 + digit));
        Ok(())
    }

    fn note_encoding(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(HeadError::TransferEncoding);
        }
        self.chunked = true;
        Ok(())
    }
}
