//! Finds the end of a head while it arrives, and refuses at the first byte that cannot be one.
//!
//! Every byte is looked at once, however small the pieces it comes in. After it, all lines are known
//! to end in CRLF and to hold no control character, so that what takes them apart need not ask again.

use memchr::memchr;

use super::grammar::has_control;

/// Why a head cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HeadError {
    #[error("a line ends in LF without CR")]
    BareLineFeed,
    #[error("there is a control character in the head")]
    Control,
    #[error("the request line is not `METHOD SP target SP HTTP/1.1`")]
    RequestLine,
    #[error("the status line is not `HTTP/1.1 SP status`")]
    StatusLine,
    #[error("the method is not known to HTTP")]
    Method,
    #[error("the version is neither HTTP/1.0 nor HTTP/1.1")]
    Version,
    #[error("a header line begins with a blank")]
    Folded,
    #[error("a header line has no colon")]
    NoColon,
    #[error("a header's name is not a token")]
    HeaderName,
    #[error("a header's value has a byte that may not be in it")]
    HeaderValue,
    #[error("the Content-Length is not one plain number")]
    ContentLength,
    #[error("the Transfer-Encoding is not exactly `chunked`")]
    TransferEncoding,
    #[error("there is both a Content-Length and a Transfer-Encoding")]
    TwoFramings,
    #[error("there is a Transfer-Encoding in HTTP/1.0")]
    TooOldForChunks,
    #[error("the request line is longer than {0} bytes")]
    RequestLineTooLong(usize),
    #[error("the head is longer than {0} bytes")]
    HeadTooLong(usize),
    #[error("there are more than {0} headers")]
    TooManyHeaders(usize),
}

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadLimits {
    pub(crate) line_bytes_max: usize,
    pub(crate) head_bytes_max: usize,
    pub(crate) headers_max: usize,
}

/// How far a head has been looked at.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    checked: usize,
    line: usize,
    lines: usize,
}

impl Scan {
    /// Goes on to the end of what has arrived. `Some` is the head's length, its empty line included.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        limits: &HeadLimits,
    ) -> Result<Option<usize>, HeadError> {
        while let Some(found) = memchr(b'\n', &bytes[self.checked..]) {
            let feed = self.checked + found;
            if feed == self.line || bytes[feed - 1] != b'\r' {
                return Err(HeadError::BareLineFeed);
            }
            let end = feed - 1;
            if self.checked < end && has_control(&bytes[self.checked..end]) {
                return Err(HeadError::Control);
            }
            self.checked = feed + 1;
            self.fits(end, limits)?;
            if end == self.line {
                return Ok(Some(self.checked));
            }
            self.line = self.checked;
            self.lines += 1;
            if self.lines > limits.headers_max + 1 {
                return Err(HeadError::TooManyHeaders(limits.headers_max));
            }
        }
        self.look_at_rest(bytes)?;
        self.fits(bytes.len(), limits)?;
        Ok(None)
    }

    fn look_at_rest(&mut self, bytes: &[u8]) -> Result<(), HeadError> {
        let rest = &bytes[self.checked..];
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        if has_control(rest) {
            return Err(HeadError::Control);
        }
        self.checked += rest.len();
        Ok(())
    }

    fn fits(&self, end: usize, limits: &HeadLimits) -> Result<(), HeadError> {
        if self.lines == 0 && end > limits.line_bytes_max {
            return Err(HeadError::RequestLineTooLong(limits.line_bytes_max));
        }
        if end > limits.head_bytes_max {
            return Err(HeadError::HeadTooLong(limits.head_bytes_max));
        }
        Ok(())
    }
}
