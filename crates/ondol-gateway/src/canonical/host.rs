//! The host a request is for.

use std::net::Ipv6Addr;

use bytes::Bytes;
use http::HeaderValue;

use crate::problem::Problem;

const HOST_BYTES_MAX: usize = 260;

/// A host's name in lower case, with its port if one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    text: HeaderValue,
    name_length: usize,
}

impl Host {
    /// No host: only HTTP/1.0 may leave it out.
    pub(crate) const fn none() -> Self {
        Self { text: HeaderValue::from_static(""), name_length: 0 }
    }

    /// The name, without port.
    pub(crate) fn name(&self) -> &str {
        &self.as_str()[..self.name_length]
    }

    /// The name and the port.
    pub(crate) fn as_str(&self) -> &str {
        self.text.to_str().expect("every byte of a host was found to be ASCII")
    }

    /// The name and the port, to be said in a header.
    pub(crate) const fn value(&self) -> &HeaderValue {
        &self.text
    }

    /// What an absolute target or `:authority` names.
    pub(crate) fn named(bytes: &Bytes) -> Result<Self, Problem> {
        let value = HeaderValue::from_maybe_shared(bytes.clone());
        Self::read(&value.map_err(|_error| Problem::BadHost("the host has a control character"))?)
    }

    pub(crate) fn read(value: &HeaderValue) -> Result<Self, Problem> {
        let bytes = value.as_bytes();
        if bytes.is_empty() || bytes.len() > HOST_BYTES_MAX {
            return Err(Problem::BadHost("the host is empty or too long"));
        }
        let name_length = name_length(bytes)?;
        if let Some(port) = bytes[name_length..].strip_prefix(b":") {
            let number = std::str::from_utf8(port).ok().and_then(|port| port.parse::<u16>().ok());
            if number.is_none() || !port.iter().all(u8::is_ascii_digit) {
                return Err(Problem::BadHost("the port is not a number"));
            }
        } else if name_length != bytes.len() {
            return Err(Problem::BadHost("something other than a port follows the host"));
        }
        if !bytes.iter().any(u8::is_ascii_uppercase) {
            return Ok(Self { text: value.clone(), name_length });
        }
        let lower = HeaderValue::from_maybe_shared(Bytes::from(bytes.to_ascii_lowercase()));
        let text = lower.map_err(|_error| Problem::BadHost("the host has a control character"))?;
        Ok(Self { text, name_length })
    }
}

fn name_length(bytes: &[u8]) -> Result<usize, Problem> {
    if bytes[0] == b'[' {
        let end = memchr::memchr(b']', bytes).ok_or(Problem::BadHost("`[` is not closed"))?;
        let address = std::str::from_utf8(&bytes[1..end]).ok();
        if address.and_then(|address| address.parse::<Ipv6Addr>().ok()).is_none() {
            return Err(Problem::BadHost("what is in `[…]` is not an address"));
        }
        return Ok(end + 1);
    }
    let end = memchr::memchr(b':', bytes).unwrap_or(bytes.len());
    let name = &bytes[..end];
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte));
    let dots = name.windows(2).any(|pair| pair == b"..");
    if name.is_empty() || !plain || dots || name[0] == b'.' {
        return Err(Problem::BadHost("the host is not a name or an address"));
    }
    Ok(end)
}
