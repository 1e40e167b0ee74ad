//! What a request must be like for a route to take it.

use std::cmp::Reverse;
use std::fmt;

use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, Method};

use super::pattern::{Pattern, Rank};
use crate::config::{OneOrMany, RouteOptions};
use crate::tls::Shown;

/// What of a request a route looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a Method,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    /// Where the client is, if that is known.
    pub(crate) region: Option<&'a str>,
    /// The certificate the client has shown.
    pub(crate) certificate: Option<&'a Shown>,
}

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hosts {
    /// These.
    Exact(Vec<String>),
    /// All below these: `.example.com`.
    Below(Vec<String>),
    /// Every one.
    Any,
}

/// A value to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Header(HeaderName, Option<String>),
    Query(String, Option<String>),
    Cookie(String, Option<String>),
    MediaType(String),
    Region(String),
    Certificate(String),
}

/// Everything a route asks of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Criteria {
    priority: i32,
    pub(crate) hosts: Hosts,
    pub(crate) pattern: Pattern,
    methods: Vec<Method>,
    wanted: Vec<Wanted>,
}

/// The first thing about a request that a route does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mismatch {
    Host,
    Path,
    Method,
    Value(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("another host"),
            Self::Path => f.write_str("another path"),
            Self::Method => f.write_str("another method"),
            Self::Value(what) => f.write_str(what),
        }
    }
}

/// Where a route stands among others: what is smaller is tried first.
pub(crate) type Place = (Reverse<i32>, u8, Rank, Reverse<usize>);

impl Criteria {
    /// Reads what a route asks; an error has been reported by the checker.
    pub(crate) fn read(route: &RouteOptions) -> Result<Self, super::pattern::PatternError> {
        let pattern = match &route.path {
            Some(path) => Pattern::read(path)?,
            None => Pattern::Any,
        };
        let methods = route.method.iter().flat_map(OneOrMany::as_slice);
        let methods = methods.filter_map(|method| Method::from_bytes(method.as_bytes()).ok());
        let mut criteria = Self {
            priority: route.priority,
            hosts: read_hosts(route),
            pattern,
            methods: methods.collect(),
            wanted: Vec::new(),
        };
        criteria.want(route);
        Ok(criteria)
    }

    fn want(&mut self, route: &RouteOptions) {
        let value = |value: &String| (value != "*").then(|| value.clone());
        for (name, wanted) in &route.headers {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                self.wanted.push(Wanted::Header(name, value(wanted)));
            }
        }
        for (name, wanted) in &route.query {
            self.wanted.push(Wanted::Query(name.clone(), value(wanted)));
        }
        for (name, wanted) in &route.cookies {
            self.wanted.push(Wanted::Cookie(name.clone(), value(wanted)));
        }
        self.wanted.extend(route.region.clone().map(Wanted::Region));
        self.wanted.extend(route.certificate.clone().map(Wanted::Certificate));
        if let Some(version) = &route.version {
            let header = version.header.as_ref();
            if let Some(Ok(name)) = header.map(|name| HeaderName::from_bytes(name.as_bytes())) {
                self.wanted.push(Wanted::Header(name, Some(version.name.clone())));
            }
            if let Some(media_type) = &version.media_type {
                self.wanted.push(Wanted::MediaType(media_type.clone()));
            }
        }
    }

    /// Where it stands among others.
    pub(crate) fn place(&self) -> Place {
        let hosts = match self.hosts {
            Hosts::Exact(_) => 0,
            Hosts::Below(_) => 1,
            Hosts::Any => 2,
        };
        let conditions = self.wanted.len() + usize::from(!self.methods.is_empty());
        (Reverse(self.priority), hosts, self.pattern.rank(), Reverse(conditions))
    }

    /// Whether a request could be meant by both, and nothing says which of them goes first.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        let hosts = match (&self.hosts, &other.hosts) {
            (Hosts::Exact(one), Hosts::Exact(other)) | (Hosts::Below(one), Hosts::Below(other)) => {
                one.iter().any(|host| other.contains(host))
            }
            (one, other) => one == other,
        };
        let methods = self.methods.is_empty()
            || other.methods.is_empty()
            || self.methods.iter().any(|method| other.methods.contains(method));
        let apart = self.wanted.iter().any(|one| other.wanted.iter().any(|two| one.excludes(two)));
        let alike = self.place() == other.place() && self.pattern.shape() == other.pattern.shape();
        hosts && methods && !apart && alike
    }

    /// Why a request is not for this route. Its host and path are looked at first.
    pub(crate) fn mismatch(&self, seen: &Seen<'_>) -> Option<Mismatch> {
        if !self.hosts.matches(seen.host) {
            return Some(Mismatch::Host);
        }
        if !self.pattern.matches(seen.path) {
            return Some(Mismatch::Path);
        }
        self.unmet(seen)
    }

    /// Why a request whose host and path fit is still not for this route.
    pub(crate) fn unmet(&self, seen: &Seen<'_>) -> Option<Mismatch> {
        if !self.methods.is_empty() && !self.methods.contains(seen.method) {
            return Some(Mismatch::Method);
        }
        let unmet = self.wanted.iter().find(|wanted| !wanted.is_met(seen))?;
        Some(Mismatch::Value(unmet.to_string()))
    }
}

impl Hosts {
    /// As they are written; none where it is every host.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Any => &[],
            Self::Exact(names) | Self::Below(names) => names,
        }
    }

    pub(crate) fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(hosts) => hosts.iter().any(|exact| exact == host),
            Self::Below(suffixes) => suffixes.iter().any(|suffix| host.ends_with(suffix.as_str())),
        }
    }
}

fn read_hosts(route: &RouteOptions) -> Hosts {
    let Some(hosts) = &route.host else { return Hosts::Any };
    let hosts: Vec<_> = hosts.as_slice().iter().map(|host| host.to_ascii_lowercase()).collect();
    let below: Vec<_> =
        hosts.iter().filter_map(|host| host.strip_prefix('*')).map(str::to_owned).collect();
    if below.is_empty() { Hosts::Exact(hosts) } else { Hosts::Below(below) }
}

impl Wanted {
    fn is_met(&self, seen: &Seen<'_>) -> bool {
        match self {
            Self::Header(name, wanted) => seen
                .headers
                .get_all(name)
                .iter()
                .any(|value| fits(wanted.as_deref(), value.as_bytes())),
            Self::Query(name, wanted) => query_values(seen.query, name)
                .any(|value| fits(wanted.as_deref(), &unescape(value))),
            Self::Cookie(name, wanted) => cookie_values(seen.headers, name)
                .any(|value| fits(wanted.as_deref(), value.as_bytes())),
            Self::Region(wanted) => seen.region == Some(wanted),
            Self::Certificate(wanted) => seen.certificate.is_some_and(|it| it.is_for(wanted)),
            Self::MediaType(wanted) => {
                seen.headers.get_all(http::header::ACCEPT).iter().any(|value| {
                    let ranges = value.to_str().unwrap_or_default().split(',');
                    let mut types =
                        ranges.map(|range| range.split(';').next().unwrap_or_default().trim());
                    types.any(|one| one.eq_ignore_ascii_case(wanted))
                })
            }
        }
    }

    /// Whether no request can have both.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one, Some(a)), Self::Header(two, Some(b))) => one == two && a != b,
            (Self::Query(one, Some(a)), Self::Query(two, Some(b)))
            | (Self::Cookie(one, Some(a)), Self::Cookie(two, Some(b))) => one == two && a != b,
            (Self::MediaType(a), Self::MediaType(b)) | (Self::Region(a), Self::Region(b)) => a != b,
            _ => false,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name, value) = match self {
            Self::Header(name, value) => ("header", name.as_str(), value),
            Self::Query(name, value) => ("query parameter", name.as_str(), value),
            Self::Cookie(name, value) => ("cookie", name.as_str(), value),
            Self::Region(name) => return write!(f, "the client is not in region `{name}`"),
            Self::Certificate(name) if name == "*" => {
                return f.write_str("the client has shown no certificate");
            }
            Self::Certificate(name) => {
                return write!(f, "the client has shown no certificate for `{name}`");
            }
            Self::MediaType(name) => return write!(f, "`Accept` does not name `{name}`"),
        };
        match value {
            Some(value) => write!(f, "{kind} `{name}` is not `{value}`"),
            None => write!(f, "there is no {kind} `{name}`"),
        }
    }
}

fn fits(wanted: Option<&str>, value: &[u8]) -> bool {
    wanted.is_none_or(|wanted| wanted.as_bytes() == value)
}

fn query_values<'a>(query: Option<&'a str>, name: &'a str) -> impl Iterator<Item = &'a str> {
    query.unwrap_or_default().split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(key) == name.as_bytes()).then_some(value)
    })
}

/// The values of a cookie.
pub(crate) fn cookie_values<'a>(
    headers: &'a HeaderMap,
    name: &'a str,
) -> impl Iterator<Item = &'a str> {
    headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(
        move |cookies| {
            cookies.split(';').filter_map(move |pair| {
                let (key, value) = pair.split_once('=')?;
                (key.trim() == name).then(|| value.trim())
            })
        },
    )
}

fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    out
}
