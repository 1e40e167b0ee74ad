//! What a client says about its connection, and what it is told when it cannot be understood.

use http::HeaderMap;
use http::header::{CONNECTION, EXPECT};

use crate::http1::grammar::trim;
use crate::http1::head::{Framing, RequestHead, Version};
use crate::http1::scan::HeadError;
use crate::problem::Problem;

/// Whether the client wants the connection closed, and whether it waits to be told to go on.
pub(super) fn read_wishes(
    head: &RequestHead,
    headers: &HeaderMap,
) -> Result<(bool, bool), Problem> {
    let mut close = head.version == Version::Ten;
    for value in headers.get_all(CONNECTION) {
        close |= value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|option| trim(option).eq_ignore_ascii_case(b"close"));
    }
    let mut continues = false;
    for value in headers.get_all(EXPECT) {
        if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            return Err(Problem::UnknownExpectation);
        }
        continues = head.version == Version::Eleven && head.framing != Framing::Length(0);
    }
    Ok((close, continues))
}

impl Problem {
    /// What a client is told whose request's head cannot be understood.
    pub(crate) fn of_head(error: HeadError) -> Self {
        match error {
            HeadError::RequestLineTooLong(_) => Self::TargetTooLong,
            HeadError::HeadTooLong(_) | HeadError::TooManyHeaders(_) => Self::HeadTooLarge,
            HeadError::Version => Self::UnknownVersion,
            HeadError::BareLineFeed
            | HeadError::Control
            | HeadError::RequestLine
            | HeadError::StatusLine
            | HeadError::Method
            | HeadError::Folded
            | HeadError::NoColon
            | HeadError::HeaderName
            | HeadError::HeaderValue
            | HeadError::ContentLength
            | HeadError::TransferEncoding
            | HeadError::TwoFramings
            | HeadError::TooOldForChunks => Self::BadFraming(error.into()),
        }
    }
}
