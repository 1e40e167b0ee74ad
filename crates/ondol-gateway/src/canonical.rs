//! One form of every request, for routing, authorisation, limits, cache and log alike.
//!
//! If the router sees one path and the upstream another, everything decided in between is void. So a
//! request either has one meaning, and is brought into the one form that says it, or is refused.

mod headers;
mod host;
mod path;

use bytes::Bytes;
use http::HeaderMap;
use http::header::HOST;

use crate::problem::Problem;

pub(crate) use headers::{HeaderPolicy, clean_answer, is_hop_by_hop};
pub(crate) use host::Host;
pub(crate) use path::canonical_path;

/// Where a request goes: host, path and query, each in its one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: Host,
    /// `path?query`, canonical, in ASCII.
    text: Bytes,
    path_length: usize,
}

impl Target {
    /// What the request says about where it goes, if it says one thing.
    pub(crate) fn read(
        target: &Bytes,
        authority: Option<&Bytes>,
        headers: &HeaderMap,
        minor: u8,
    ) -> Result<Self, Problem> {
        let (named, rest) = split_absolute(target)?;
        let named = named.or_else(|| authority.cloned());
        let host = read_host(named.as_ref(), headers, minor)?;
        let (path, query) = match memchr::memchr(b'?', &rest) {
            Some(mark) => (&rest[..mark], Some(&rest[mark..])),
            None => (&rest[..], None),
        };
        check_query(query.unwrap_or_default())?;
        Ok(match canonical_path(path)? {
            None => Self { host, path_length: path.len(), text: rest },
            Some(mut path) => {
                let path_length = path.len();
                path.extend_from_slice(query.unwrap_or_default());
                Self { host, text: path.into(), path_length }
            }
        })
    }

    /// The path.
    pub(crate) fn path(&self) -> &str {
        &self.as_str()[..self.path_length]
    }

    /// The query, without its mark.
    pub(crate) fn query(&self) -> Option<&str> {
        self.as_str()[self.path_length..].strip_prefix('?')
    }

    /// The path and the query, as they stand in memory.
    pub(crate) const fn text(&self) -> &Bytes {
        &self.text
    }

    /// The path and the query.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).expect("every byte of a target was found to be ASCII")
    }
}

/// Takes `scheme://authority` off, if it is there.
fn split_absolute(target: &Bytes) -> Result<(Option<Bytes>, Bytes), Problem> {
    if target.first() == Some(&b'/') {
        return Ok((None, target.clone()));
    }
    let Some(scheme) = [&b"http://"[..], b"https://"].into_iter().find(|scheme| {
        target.len() > scheme.len() && target[..scheme.len()].eq_ignore_ascii_case(scheme)
    }) else {
        return Err(Problem::BadTarget("the target is neither a path nor an absolute URL"));
    };
    let rest = target.slice(scheme.len()..);
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let authority = rest.slice(..end.unwrap_or(rest.len()));
    match end {
        Some(end) if rest[end] == b'/' => Ok((Some(authority), rest.slice(end..))),
        Some(_) => Err(Problem::BadTarget("the target has a query and no path")),
        None => Ok((Some(authority), Bytes::from_static(b"/"))),
    }
}

fn read_host(named: Option<&Bytes>, headers: &HeaderMap, minor: u8) -> Result<Host, Problem> {
    let mut values = headers.get_all(HOST).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::BadHost("there is more than one Host"));
    }
    match (named, first) {
        (None, None) if minor == 0 => Ok(Host::none()),
        (Some(named), None) if minor != 1 => Host::named(named),
        (_, None) => Err(Problem::BadHost("there is no Host")),
        (None, Some(value)) => Host::read(value),
        (Some(named), Some(value)) => {
            let host = Host::named(named)?;
            if host != Host::read(value)? {
                return Err(Problem::BadHost("the Host is not the target's"));
            }
            Ok(host)
        }
    }
}

fn check_query(query: &[u8]) -> Result<(), Problem> {
    if query.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
        return Ok(());
    }
    Err(Problem::BadTarget("the query has a byte that may not be in it"))
}
