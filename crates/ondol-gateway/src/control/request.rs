//! What is asked for, and why.

use std::collections::BTreeMap;

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;

use super::ControlProblem;
use crate::handle::Arrived;

/// Bytes of a configuration, or of anything else that is sent.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
const REASON_MIN: usize = 3;
const REASON_MAX: usize = 500;
const REASON: HeaderName = HeaderName::from_static("ondol-reason");

/// What somebody asks for.
pub(super) struct Asked {
    pub(super) method: Method,
    /// The parts of the path after `/control`.
    pub(super) path: Vec<String>,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Reasoned {
    reason: Option<String>,
}

impl Asked {
    pub(super) async fn read(arrived: Arrived) -> Result<Self, ControlProblem> {
        let Arrived { method, target, headers, mut body, .. } = arrived;
        let target = std::str::from_utf8(&target).map_err(|_error| wrong("the target"))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.split('/').skip(2).filter(|part| !part.is_empty());
        let path =
            path.map(unescape).collect::<Option<Vec<_>>>().ok_or_else(|| wrong("the path"))?;
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
            Some((unescape(name)?, unescape(&value.replace('+', " "))?))
        });
        let query = pairs.collect::<Option<_>>().ok_or_else(|| wrong("the query"))?;
        body.limit(BYTES_MAX);
        if body.length().is_some_and(|length| length > BYTES_MAX) {
            return Err(ControlProblem::Malformed(format!(
                "the body is larger than {BYTES_MAX} bytes"
            )));
        }
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| body.poll_next(cx)).await {
            let frame = frame.map_err(|error| ControlProblem::Malformed(error.to_string()))?;
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(data);
            }
        }
        let mut asked = Self { method, path, query, headers, body: bytes, reason: None };
        asked.reason = asked.find_reason();
        Ok(asked)
    }

    fn find_reason(&self) -> Option<String> {
        let header = self.headers.get(&REASON).map(|value| value.as_bytes().to_vec());
        let header = header.and_then(|value| String::from_utf8(value).ok());
        let query = || self.query.get("reason").cloned();
        let body = || serde_json::from_slice::<Reasoned>(&self.body).ok()?.reason;
        header.or_else(query).or_else(body).map(|reason| reason.trim().to_owned())
    }

    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(super) fn needed_reason(&self) -> Result<&str, ControlProblem> {
        let fits = |reason: &&str| {
            let letters = reason.chars().count();
            (REASON_MIN..=REASON_MAX).contains(&letters) && !reason.chars().any(char::is_control)
        };
        self.reason().filter(fits).ok_or(ControlProblem::NoReason)
    }

    /// Whether it is only to be said what would happen.
    pub(super) fn is_trial(&self) -> bool {
        self.says("dry_run")
    }

    /// Whether the query says so.
    pub(super) fn says(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value == "true")
    }

    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn if_match(&self) -> Option<&str> {
        self.headers.get(IF_MATCH)?.to_str().ok()
    }

    /// What the body says.
    pub(super) fn said<T: for<'de> Deserialize<'de>>(&self) -> Result<T, ControlProblem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| ControlProblem::Malformed(format!("the body: {error}")))
    }
}

fn wrong(what: &str) -> ControlProblem {
    ControlProblem::Malformed(format!("{what} cannot be understood"))
}

/// Without percent signs.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        (rest, _) = match (first, more) {
            (b'%', [high, low, more @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                (more, ())
            }
            (b'%', _) => return None,
            (byte, more) => {
                bytes.push(*byte);
                (more, ())
            }
        };
    }
    String::from_utf8(bytes).ok()
}
