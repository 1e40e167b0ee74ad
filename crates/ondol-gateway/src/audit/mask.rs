//! What is not written down, by name, by place and by what it looks like.

use std::borrow::Cow;

use http::HeaderName;

use super::patterns::{MASKED, mask};
use crate::config::{MaskOptions, MaskPattern};
use crate::json::Json;

/// Names of secrets, wherever they are members or parameters. Upper or lower case, `-` or `_` alike.
const SECRETS: [&str; 16] = [
    "password",
    "passwd",
    "secret",
    "clientsecret",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "apikey",
    "authorization",
    "clientassertion",
    "codeverifier",
    "pin",
    "cvv",
    "cvc",
    "otp",
];

/// Rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    fields: Vec<Path>,
    headers: Vec<String>,
    query: Vec<String>,
    pub(super) patterns: Vec<MaskPattern>,
}

/// A place in a document, or many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Named(String),
    Every,
    /// This, however deep.
    Deep(String),
}

impl Path {
    /// Reads `$.a.b`, `$.a[*].b`, `$['a']`, `$..a`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let step;
            (step, rest) = read_step(rest)?;
            steps.push(step);
        }
        (!steps.is_empty()).then_some(Self(steps))
    }

    fn mask(&self, document: &mut Json) {
        walk(&self.0, document);
    }
}

fn read_step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("..") {
        let (name, rest) = read_name(rest)?;
        return Some((Step::Deep(name), rest));
    }
    if let Some(rest) = text.strip_prefix(".*").or_else(|| text.strip_prefix("[*]")) {
        return Some((Step::Every, rest));
    }
    if let Some(rest) = text.strip_prefix('.') {
        let (name, rest) = read_name(rest)?;
        return Some((Step::Named(name), rest));
    }
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let quoted = ['\'', '"']
        .into_iter()
        .find_map(|quote| inner.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)));
    let name = quoted.or_else(|| inner.bytes().all(|it| it.is_ascii_digit()).then_some(inner))?;
    (!name.is_empty()).then(|| (Step::Named(name.to_owned()), rest))
}

fn read_name(text: &str) -> Option<(String, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

fn walk(steps: &[Step], value: &mut Json) {
    let Some((step, rest)) = steps.split_first() else {
        *value = Json::Text(MASKED.to_owned());
        return;
    };
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                match step {
                    Step::Named(wanted) if wanted == name => walk(rest, value),
                    Step::Every => walk(rest, value),
                    Step::Deep(wanted) => {
                        walk(steps, value);
                        if wanted == name {
                            walk(rest, value);
                        }
                    }
                    Step::Named(_) => {}
                }
            }
        }
        Json::Array(values) => {
            for (at, value) in values.iter_mut().enumerate() {
                match step {
                    Step::Named(wanted) if *wanted == at.to_string() => walk(rest, value),
                    Step::Every => walk(rest, value),
                    Step::Deep(_) => walk(steps, value),
                    Step::Named(_) => {}
                }
            }
        }
        Json::Text(_) | Json::Plain(_) => {}
    }
}

impl Rules {
    /// What is said of masking; nothing, if a place is none, which checking says.
    pub(crate) fn new(options: &MaskOptions) -> Option<Self> {
        let lower = |names: &[String]| names.iter().map(|it| it.to_ascii_lowercase()).collect();
        Some(Self {
            fields: options.fields.iter().map(|it| Path::read(it)).collect::<Option<_>>()?,
            headers: lower(&options.headers),
            query: lower(&options.query),
            patterns: options.patterns.clone(),
        })
    }

    /// A text in which nothing looks like what is to be masked.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        mask(text, &self.patterns)
    }

    /// The value of a header.
    pub(crate) fn header<'a>(&self, name: &HeaderName, value: &'a str) -> Cow<'a, str> {
        let name = name.as_str();
        let secret =
            matches!(name, "authorization" | "proxy-authorization" | "cookie" | "set-cookie")
                || name.ends_with("-token")
                || name.ends_with("-key") && name != "idempotency-key"
                || name.contains("secret")
                || name.contains("password")
                || self.headers.iter().any(|masked| masked == name);
        if secret { Cow::Borrowed(MASKED) } else { self.text(value) }
    }

    /// A query or a form, its values readable and masked.
    pub(crate) fn pairs(&self, pairs: &str) -> String {
        let masked = pairs.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let named = crate::aggregate::unescape(name).unwrap_or_else(|| name.to_owned());
            let plain = crate::aggregate::unescape(value).unwrap_or_else(|| value.to_owned());
            let lower = named.to_ascii_lowercase();
            let is_code = lower == "code" || lower == "state";
            let masked = match is_secret(&named) || is_code || self.query.contains(&lower) {
                true => Cow::Borrowed(MASKED),
                false => self.text(&plain),
            };
            match pair.contains('=') {
                true => format!("{}={masked}", self.text(&named)),
                false => self.text(&named).into_owned(),
            }
        });
        masked.collect::<Vec<_>>().join("&")
    }

    /// Masks a document.
    pub(crate) fn document(&self, document: &mut Json) {
        for path in &self.fields {
            path.mask(document);
        }
        self.values(document);
    }

    fn values(&self, value: &mut Json) {
        match value {
            Json::Object(members) => {
                for (name, value) in members {
                    match is_secret(name) {
                        true => *value = Json::Text(MASKED.to_owned()),
                        false => self.values(value),
                    }
                    if let Cow::Owned(masked) = self.text(name) {
                        *name = masked;
                    }
                }
            }
            Json::Array(values) => values.iter_mut().for_each(|value| self.values(value)),
            Json::Text(text) => {
                if let Cow::Owned(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Json::Plain(plain) => {
                if let Cow::Owned(masked) = self.text(plain) {
                    *value = Json::Text(masked);
                }
            }
        }
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    SECRETS.contains(&plain.as_str())
}
