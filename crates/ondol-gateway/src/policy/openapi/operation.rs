//! An operation: its parameters, and what its body may be.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::COOKIE;

use super::parameter::{Parameter, Place};
use super::schema::Schema;
use super::{TOLD_MAX, Violation};
use crate::policy::media::Pattern;

/// What may be asked.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<BodyRule>,
}

/// What a body may be.
#[derive(Debug)]
pub(super) struct BodyRule {
    pub(super) required: bool,
    /// The most special types first.
    pub(super) contents: Vec<(Pattern, Option<Schema>)>,
}

/// What stands in a path where a description has parameters.
pub(super) type Values<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl Operation {
    /// Adds what is not as it has to be about a request's parameters.
    pub(super) fn judge_parameters(
        &self,
        values: &Values<'_>,
        query: &str,
        headers: &HeaderMap,
        violations: &mut Vec<Violation>,
    ) {
        let query = read_query(query, violations);
        for parameter in &self.parameters {
            if violations.len() >= TOLD_MAX {
                return;
            }
            match parameter.place {
                Place::Path => parameter.judge(&named(values, &parameter.name), violations),
                Place::Query => parameter.judge(&named(&query, &parameter.name), violations),
                Place::Header => {
                    let found = headers.get_all(&parameter.name).iter();
                    let found: Vec<_> = found.filter_map(|value| value.to_str().ok()).collect();
                    parameter.judge(&found, violations);
                }
                Place::Cookie => {
                    let cookies = headers.get_all(COOKIE).iter();
                    let cookies = cookies.filter_map(|value| value.to_str().ok());
                    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
                    let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
                    let found = pairs.filter(|(name, _)| *name == parameter.name);
                    let found: Vec<_> = found.map(|(_, value)| value).collect();
                    parameter.judge(&found, violations);
                }
            }
        }
    }
}

fn named<'a>(values: &'a [(impl AsRef<str>, Cow<'_, str>)], wanted: &str) -> Vec<&'a str> {
    let found = values.iter().filter(|(name, _)| name.as_ref() == wanted);
    found.map(|(_, value)| &**value).collect()
}

/// The parameters of a query, as forms write them.
fn read_query<'a>(
    query: &'a str,
    violations: &mut Vec<Violation>,
) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (decode(name, true), decode(value, true)) {
            (Some(name), Some(value)) => pairs.push((name, value)),
            _ if violations.len() < TOLD_MAX => {
                let (at, rule) = (String::new(), "encoding".to_owned());
                violations.push(Violation { place: "query", at, rule });
            }
            _ => {}
        }
    }
    pairs
}

/// A text without its escapes, if it is one.
pub(super) fn decode(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    let is_escaped = text.contains('%') || (plus && text.contains('+'));
    if !is_escaped {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' if plus => b' ',
            b'%' => {
                let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
                high << 4 | low
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
