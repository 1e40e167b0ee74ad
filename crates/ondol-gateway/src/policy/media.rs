//! Media types, as far as a gateway looks at them.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A media type that a body may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Anything, if not given.
    kind: Option<String>,
    detail: Detail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Detail {
    Any,
    Exact(String),
    /// What it ends with: `+json`.
    Suffix(String),
}

/// The media type of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    kind: String,
    detail: String,
    charset: Option<String>,
}

impl Pattern {
    /// `application/json`, `image/*`, `*/*`, `application/*+json` or `*+json`, if it is one of these.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (kind, detail) = match text.strip_prefix("*+") {
            Some(suffix) => ("*", format!("*+{suffix}")),
            None => text.split_once('/').map(|(kind, detail)| (kind, detail.to_owned()))?,
        };
        let kind = (kind != "*").then(|| kind.to_owned());
        let detail = match detail.strip_prefix('*') {
            Some("") => Detail::Any,
            Some(suffix) if suffix.starts_with('+') && is_token(suffix) => {
                Detail::Suffix(suffix.to_owned())
            }
            _ if is_token(&detail) => Detail::Exact(detail),
            _ => return None,
        };
        kind.as_deref().is_none_or(is_token).then_some(Self { kind, detail })
    }

    /// Whether a body's type is one of these.
    pub(crate) fn fits(&self, media: &Media) -> bool {
        let kind = self.kind.as_ref().is_none_or(|kind| *kind == media.kind);
        kind && match &self.detail {
            Detail::Any => true,
            Detail::Exact(detail) => *detail == media.detail,
            Detail::Suffix(suffix) => media.detail.ends_with(suffix.as_str()),
        }
    }

    /// How much it says: more comes before less.
    pub(crate) fn weight(&self) -> u8 {
        let detail = match self.detail {
            Detail::Any => 0,
            Detail::Suffix(_) => 1,
            Detail::Exact(_) => 2,
        };
        detail + u8::from(self.kind.is_some())
    }
}

impl Media {
    /// The type of a body, if there is exactly one and it can be read.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        Self::read(value.to_str().ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, detail) = parts.next()?.trim().split_once('/')?;
        if !is_token(kind) || !is_token(detail) {
            return None;
        }
        let mut charset = None;
        for part in parts {
            let Some((name, value)) = part.split_once('=') else { continue };
            if name.trim().eq_ignore_ascii_case("charset") {
                let value = value.trim().trim_matches('"').to_ascii_lowercase();
                // Two charsets are none.
                if charset.replace(value).is_some() {
                    return None;
                }
            }
        }
        let (kind, detail) = (kind.to_ascii_lowercase(), detail.to_ascii_lowercase());
        Some(Self { kind, detail, charset })
    }

    /// Whether it is JSON, in the one encoding that JSON has.
    pub(crate) fn is_json(&self) -> bool {
        self.names_json() && self.has_fit_charset()
    }

    /// Whether what it says of its letters can be true: JSON is UTF-8.
    pub(crate) fn has_fit_charset(&self) -> bool {
        let utf8 = |charset: &String| matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii");
        !self.names_json() || self.charset.as_ref().is_none_or(utf8)
    }

    fn names_json(&self) -> bool {
        self.detail.ends_with("+json") || (self.kind == "application" && self.detail == "json")
    }
}

fn is_token(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(token)
}

#[cfg(test)]
mod tests;
