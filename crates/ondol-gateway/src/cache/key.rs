//! What a request asks for, and who asks: two that are alike in both can have the same answer.

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

use super::fresh::Wishes;
use crate::canonical::{Target, canonical_path};
use crate::who::Caller;

/// An address. Cheap to clone; what is stored has memory of its own ([`Key::owned`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    secure: bool,
    host: HeaderValue,
    target: Bytes,
}

impl Key {
    /// The address of a request.
    pub(crate) fn of(secure: bool, target: &Target) -> Self {
        let host = target.host.value().clone();
        Self { secure, host, target: target.text().clone() }
    }

    /// The same in memory of its own: a request is a part of something larger.
    pub(super) fn owned(&self) -> Self {
        let host = HeaderValue::from_bytes(self.host.as_bytes());
        let host = host.unwrap_or_else(|_error| self.host.clone());
        Self { secure: self.secure, host, target: Bytes::copy_from_slice(&self.target) }
    }

    /// The same over the other scheme.
    pub(crate) fn otherwise(&self) -> Self {
        Self { secure: !self.secure, ..self.clone() }
    }

    /// The address of something on the same host: a path, or a whole address.
    pub(super) fn beside(&self, place: &str) -> Option<Self> {
        let after = place.split_once("://").map(|(_, after)| after);
        let text = match after.and_then(|after| Some((after, after.find('/')?))) {
            Some((after, at))
                if after.as_bytes()[..at].eq_ignore_ascii_case(self.host.as_bytes()) =>
            {
                &after[at..]
            }
            Some(_) => return None,
            None => place,
        };
        let text = text.split('#').next().unwrap_or_default();
        if !text.starts_with('/') || text.starts_with("//") {
            return None;
        }
        let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
        let path = canonical_path(path.as_bytes()).ok()?.unwrap_or_else(|| path.into());
        let target = [path.as_slice(), query.as_bytes()].concat();
        Some(Self { target: target.into(), ..self.clone() })
    }

    /// Whether it is this host's, if one is named, and its path begins so.
    pub(super) fn is_below(&self, host: Option<&str>, path: &str) -> bool {
        let begins = self.target.starts_with(path.as_bytes());
        begins && host.is_none_or(|host| host.as_bytes().eq_ignore_ascii_case(self.host.as_bytes()))
    }

    /// Bytes that it takes.
    pub(super) fn cost(&self) -> usize {
        self.host.len() + self.target.len()
    }
}

/// Someone, by all that says who he is: the same for the same, and nobody can tell who.
pub(crate) type Whom = [u8; 32];

/// What says who someone is, one thing after another.
pub(crate) struct Identity {
    context: Option<Context>,
}

impl Identity {
    /// Someone who has said nothing yet.
    pub(crate) const fn unknown() -> Self {
        Self { context: None }
    }

    /// He says this as well.
    pub(crate) fn says(&mut self, name: &str, value: &[u8]) {
        let context = self.context.get_or_insert_with(|| Context::new(&SHA256));
        for part in [name.as_bytes(), value] {
            context.update(&crate::body::wide(part.len()).to_be_bytes());
            context.update(part);
        }
    }

    /// Who he is, if he has said it.
    pub(crate) fn finish(self) -> Option<Whom> {
        let mut whom = [0; 32];
        whom.copy_from_slice(self.context?.finish().as_ref());
        Some(whom)
    }
}

/// What is asked, by whom, and what he wishes.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) key: Key,
    pub(crate) whom: Option<Whom>,
    pub(crate) wishes: Wishes,
    pub(crate) head_only: bool,
    /// What the client has already.
    pub(crate) has: Option<HeaderValue>,
    pub(crate) has_since: Option<HeaderValue>,
}

impl Question {
    pub(crate) fn new(key: Key, whom: Option<Whom>, wishes: Wishes, headers: &HeaderMap) -> Self {
        let has = headers.get(IF_NONE_MATCH).cloned();
        let has_since = headers.get(IF_MODIFIED_SINCE).cloned();
        Self { key, whom, wishes, head_only: false, has, has_since }
    }
}

/// Who asks: by his credentials, his cookies, and what the gateway has found out about him. `ours` says
/// which headers only the gateway sets.
pub(crate) fn whom(
    headers: &HeaderMap,
    certificate: Option<&HeaderValue>,
    caller: Option<&Caller>,
    ours: impl Fn(&HeaderName) -> bool,
) -> Option<Whom> {
    let mut identity = Identity::unknown();
    for (name, value) in headers {
        if *name == AUTHORIZATION || *name == COOKIE || is_key(name) || ours(name) {
            identity.says(name.as_str(), value.as_bytes());
        }
    }
    if let Some(certificate) = certificate {
        identity.says("client-cert", certificate.as_bytes());
    }
    if let Some(Caller { by, principal }) = caller {
        identity.says("by", by.name().as_bytes());
        identity.says("subject", principal.subject.as_bytes());
        identity.says("client", principal.client.as_bytes());
        identity.says("tenant", principal.tenant.as_deref().unwrap_or_default().as_bytes());
    }
    identity.finish()
}

/// What is a credential by its name.
fn is_key(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-") && (name.ends_with("-key") || name.ends_with("-token"))
}
