//! Finds a body's bytes in what arrives: by length, by chunks, or until the end.

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use super::head::{Framing, read_trailers};
use super::scan::{HeadError, HeadLimits, Scan};

/// Why a body cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DecodeError {
    #[error("a chunk's size is not a plain hexadecimal number")]
    ChunkSize,
    #[error("a chunk's line does not end in CRLF")]
    ChunkLine,
    #[error("a chunk's extension is longer than {EXTENSION_BYTES_MAX} bytes")]
    ExtensionTooLong,
    #[error("a chunk's data is not followed by CRLF")]
    ChunkEnd,
    #[error("the trailers cannot be understood")]
    Trailers(#[source] HeadError),
}

/// What of a body is there.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Some of it.
    Data(Bytes),
    /// What came after it.
    Trailers(HeaderMap),
    /// It is over.
    End,
    /// More must arrive first.
    Starved,
}

/// Extensions of all chunks of a body together: nobody uses them, so few are borne.
const EXTENSION_BYTES_MAX: usize = 1024;
const TRAILER_LIMITS: HeadLimits =
    HeadLimits { line_bytes_max: 8 * 1024, head_bytes_max: 8 * 1024, headers_max: 32 };

/// Where in a body we are.
#[derive(Debug)]
pub(crate) enum Decoder {
    Length(u64),
    UntilClose,
    Chunked { state: Chunk, extension_bytes: usize },
    Done,
}

#[derive(Debug)]
pub(crate) enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailers(Scan),
}

impl Decoder {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Done,
            Framing::Length(length) => Self::Length(length),
            Framing::UntilClose => Self::UntilClose,
            Framing::Chunked => Self::Chunked { state: Chunk::Size, extension_bytes: 0 },
        }
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// How much is still to come, if that is known.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(*length),
            Self::Done => Some(0),
            Self::UntilClose | Self::Chunked { .. } => None,
        }
    }

    /// Takes what it can from the buffer.
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, DecodeError> {
        match self {
            Self::Done => Ok(Decoded::End),
            Self::UntilClose => Ok(match buffer.is_empty() {
                true => Decoded::Starved,
                false => Decoded::Data(buffer.split().freeze()),
            }),
            Self::Length(remaining) => {
                let Some(data) = take(buffer, remaining) else { return Ok(Decoded::Starved) };
                if *remaining == 0 {
                    *self = Self::Done;
                }
                Ok(Decoded::Data(data))
            }
            Self::Chunked { .. } => self.decode_chunk(buffer),
        }
    }

    fn decode_chunk(&mut self, buffer: &mut BytesMut) -> Result<Decoded, DecodeError> {
        let Self::Chunked { state, extension_bytes } = self else { return Ok(Decoded::End) };
        loop {
            match state {
                Chunk::Size => match chunk_size(buffer, extension_bytes)? {
                    None => return Ok(Decoded::Starved),
                    Some(0) => *state = Chunk::Trailers(Scan::default()),
                    Some(size) => *state = Chunk::Data(size),
                },
                Chunk::Data(remaining) => {
                    let Some(data) = take(buffer, remaining) else { return Ok(Decoded::Starved) };
                    if *remaining == 0 {
                        *state = Chunk::DataEnd;
                    }
                    return Ok(Decoded::Data(data));
                }
                Chunk::DataEnd => match buffer.as_ref() {
                    [b'\r', b'\n', ..] => {
                        buffer.advance(2);
                        *state = Chunk::Size;
                    }
                    [] | [b'\r'] => return Ok(Decoded::Starved),
                    _ => return Err(DecodeError::ChunkEnd),
                },
                Chunk::Trailers(scan) => {
                    let Some(trailers) = trailers(buffer, scan)? else {
                        return Ok(Decoded::Starved);
                    };
                    *self = Self::Done;
                    return Ok(match trailers.is_empty() {
                        true => Decoded::End,
                        false => Decoded::Trailers(trailers),
                    });
                }
            }
        }
    }
}

fn take(buffer: &mut BytesMut, remaining: &mut u64) -> Option<Bytes> {
    if buffer.is_empty() {
        return None;
    }
    let length = usize::try_from(*remaining).unwrap_or(usize::MAX).min(buffer.len());
    *remaining -= u64::try_from(length).expect("a length in memory fits in 64 bits");
    Some(buffer.split_to(length).freeze())
}

fn trailers(buffer: &mut BytesMut, scan: &mut Scan) -> Result<Option<HeaderMap>, DecodeError> {
    let mut trailers = HeaderMap::new();
    let Some(length) = scan.advance(buffer, &TRAILER_LIMITS).map_err(DecodeError::Trailers)? else {
        return Ok(None);
    };
    let section = buffer.split_to(length).freeze();
    read_trailers(&section, &mut trailers).map_err(DecodeError::Trailers)?;
    Ok(Some(trailers))
}

/// Reads `SIZE[;extension]CRLF`.
fn chunk_size(
    buffer: &mut BytesMut,
    extension_bytes: &mut usize,
) -> Result<Option<u64>, DecodeError> {
    const DIGITS_MAX: usize = 15;
    let digits = buffer.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_hexdigit());
    let digits = digits.count();
    if digits > DIGITS_MAX || (digits == 0 && !buffer.is_empty()) {
        return Err(DecodeError::ChunkSize);
    }
    let extension = match buffer.get(digits..) {
        None | Some([]) => return Ok(None),
        Some(rest @ [b'\r' | b';', ..]) => rest,
        Some(_) => return Err(DecodeError::ChunkSize),
    };
    let end = extension.iter().position(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f);
    let length = end.unwrap_or(extension.len());
    if *extension_bytes + length > EXTENSION_BYTES_MAX {
        return Err(DecodeError::ExtensionTooLong);
    }
    match end.map(|end| &extension[end..]) {
        None | Some([b'\r']) => return Ok(None),
        Some([b'\r', b'\n', ..]) => {}
        Some(_) => return Err(DecodeError::ChunkLine),
    }
    *extension_bytes += length;
    let size = buffer[..digits].iter().fold(0, |size, digit| size * 16 + hex(*digit));
    buffer.advance(digits + length + 2);
    Ok(Some(size))
}

fn hex(digit: u8) -> u64 {
    u64::from(match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    })
}
