//! What a backend is told of whoever asks: in headers that only the gateway sets.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use ondol_auth::Principal;
use serde_json::Value;

use super::refusal::Refusal;
use crate::config::AuthOptions;

/// What is told, if nothing else is said.
const USUAL: [(&str, &str); 5] = [
    ("x-user-id", "subject"),
    ("x-user-client", "client"),
    ("x-tenant", "tenant"),
    ("x-user-roles", "roles"),
    ("x-user-scopes", "scopes"),
];

/// Headers and what they tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tell(Arc<[(HeaderName, Part)]>);

/// What is told of somebody, as it stands in every request of his.
struct Told {
    tell: Tell,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A part of what is known of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Subject,
    Client,
    Tenant,
    Roles,
    Scopes,
    Session,
    Acr,
    Claim(String),
}

impl Part {
    /// What people call them, but for claims.
    pub(crate) const NAMES: [&'static str; 7] =
        ["subject", "client", "tenant", "roles", "scopes", "session", "acr"];

    /// The part of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "subject" => Self::Subject,
            "client" => Self::Client,
            "tenant" => Self::Tenant,
            "roles" => Self::Roles,
            "scopes" => Self::Scopes,
            "session" => Self::Session,
            "acr" => Self::Acr,
            other => Self::Claim(other.strip_prefix("claim:")?.to_owned()),
        })
    }

    /// As it is told; nothing, where there is nothing.
    fn of(&self, principal: &Principal) -> Result<Option<Bytes>, Refusal> {
        let text = |text: &str| Some(Bytes::copy_from_slice(text.as_bytes()));
        Ok(match self {
            Self::Subject => text(&principal.subject),
            Self::Client => text(&principal.client),
            Self::Tenant => principal.tenant.as_deref().and_then(text),
            Self::Session => principal.session.as_deref().and_then(text),
            Self::Acr => principal.acr.as_deref().and_then(text),
            Self::Roles => list(principal.roles.iter().map(|role| role.0.as_str()))?,
            Self::Scopes => list(principal.scopes.iter().map(|scope| scope.0.as_str()))?,
            Self::Claim(name) => match principal.claims.get(name) {
                None | Some(Value::Null) => None,
                Some(Value::String(one)) => text(one),
                Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
                    list(all.iter().filter_map(Value::as_str))?
                }
                Some(other) => Some(other.to_string().into()),
            },
        })
    }
}

/// Words with blanks between them. One that has a blank itself would be read as two.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> Result<Option<Bytes>, Refusal> {
    let mut text = String::new();
    for word in words {
        if word.is_empty() || word.contains(|it: char| it.is_whitespace() || it == ',') {
            return Err(cannot_be_told());
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

fn set(headers: &mut HeaderMap, told: &[(HeaderName, HeaderValue)]) {
    for (name, value) in told {
        headers.insert(name, value.clone());
    }
}

fn cannot_be_told() -> Refusal {
    Refusal::NotHis("what is known of him cannot be told in a header".to_owned())
}

impl Tell {
    pub(crate) fn new(options: &AuthOptions) -> Self {
        let told = pairs(options).filter_map(|(header, part)| {
            Some((HeaderName::from_bytes(header.as_bytes()).ok()?, Part::named(part)?))
        });
        Self(told.collect())
    }

    /// Sets the headers of whoever is told of.
    pub(crate) fn tell(
        &self,
        principal: &Principal,
        headers: &mut HeaderMap,
    ) -> Result<(), Refusal> {
        let drawn = principal.drawn.get_or(|| self.told(principal));
        match drawn {
            Some(Ok(told)) if told.tell.is(self) => set(headers, &told.headers),
            // Another route has told something else of him before.
            _ => set(headers, &self.told(principal)?.headers),
        }
        Ok(())
    }

    fn told(&self, principal: &Principal) -> Result<Told, Refusal> {
        let mut headers = Vec::new();
        for (name, part) in &*self.0 {
            if let Some(value) = part.of(principal)? {
                let value = HeaderValue::from_maybe_shared(value);
                headers.push((name.clone(), value.map_err(|_control| cannot_be_told())?));
            }
        }
        Ok(Told { tell: self.clone(), headers })
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self == other
    }

    /// Claims that are told.
    pub(super) fn claims(options: &AuthOptions) -> impl Iterator<Item = &str> {
        pairs(options).filter_map(|(_, part)| part.strip_prefix("claim:"))
    }

    /// Headers that are set.
    pub(super) fn headers(options: &AuthOptions) -> impl Iterator<Item = &str> {
        pairs(options).map(|(header, _)| header)
    }
}

fn pairs(options: &AuthOptions) -> Box<dyn Iterator<Item = (&str, &str)> + '_> {
    match &options.tell {
        Some(tell) => Box::new(tell.iter().map(|(name, part)| (name.as_str(), part.as_str()))),
        None => Box::new(USUAL.into_iter()),
    }
}

#[cfg(test)]
mod tests;
