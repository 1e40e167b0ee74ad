//! What is changed on one way.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{ChangesOptions, JsonChangeOptions};
use crate::json::{Json, Pointer};

/// Changes of headers and of a JSON body.
#[derive(Debug)]
pub(crate) struct Changes {
    remove: Vec<HeaderName>,
    rename: Vec<(HeaderName, HeaderName)>,
    set: Vec<(HeaderName, HeaderValue)>,
    add: Vec<(HeaderName, HeaderValue)>,
    json: Vec<JsonChange>,
    body_bytes_max: u64,
}

/// A change of a JSON body.
#[derive(Debug)]
pub(crate) enum JsonChange {
    Set(Pointer, Json),
    Remove(Pointer),
    Rename(Pointer, String),
}

/// Headers that are not for changing: they frame a message, or are the gateway's own.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    crate::canonical::is_hop_by_hop(name)
        || matches!(
            name.as_str(),
            "content-length" | "host" | "content-encoding" | "forwarded" | "client-cert"
        )
        || name.as_str().starts_with("x-forwarded-")
}

impl JsonChange {
    pub(crate) fn new(options: &JsonChangeOptions) -> Option<Self> {
        let JsonChangeOptions { set, remove, rename, to } = options;
        let place = |text: &String| Pointer::read(text).ok();
        match (set, remove, rename, to) {
            (Some(at), None, None, Some(to)) => {
                Some(Self::Set(place(at)?, Json::read(to.as_bytes()).ok()?))
            }
            (None, Some(at), None, None) => {
                place(at).filter(|place| !place.is_root()).map(Self::Remove)
            }
            (None, None, Some(at), Some(to)) => Some(Self::Rename(place(at)?, to.clone())),
            _ => None,
        }
    }
}

impl Changes {
    pub(crate) fn new(options: &ChangesOptions) -> Option<Self> {
        let name = |name: &String| {
            HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !is_ours(name))
        };
        let pair = |(key, value): (&String, &String)| {
            Some((name(key)?, HeaderValue::from_str(value).ok()?))
        };
        let renamed = options.rename.iter().map(|(from, to)| Some((name(from)?, name(to)?)));
        Some(Self {
            remove: options.remove.iter().map(name).collect::<Option<_>>()?,
            rename: renamed.collect::<Option<_>>()?,
            set: options.set.iter().map(pair).collect::<Option<_>>()?,
            add: options.add.iter().map(pair).collect::<Option<_>>()?,
            json: options.json.iter().map(JsonChange::new).collect::<Option<_>>()?,
            body_bytes_max: options.body_bytes_max,
        })
    }

    pub(super) const fn has_json(&self) -> bool {
        !self.json.is_empty()
    }

    pub(super) const fn body_bytes_max(&self) -> u64 {
        self.body_bytes_max
    }

    /// Names that are not afterwards what they were before.
    pub(super) fn touched(&self) -> Vec<String> {
        let renamed = self.rename.iter().flat_map(|(from, to)| [from, to]);
        let given = self.set.iter().chain(&self.add).map(|(name, _)| name);
        let names = self.remove.iter().chain(renamed).chain(given);
        names.map(|name| name.as_str().to_owned()).collect()
    }

    /// Changes headers.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for name in &self.remove {
            headers.remove(name);
        }
        for (from, to) in &self.rename {
            let values: Vec<_> = headers.get_all(from).iter().cloned().collect();
            if values.is_empty() {
                continue;
            }
            headers.remove(from);
            headers.remove(to);
            for value in values {
                headers.append(to.clone(), value);
            }
        }
        for (name, value) in &self.set {
            headers.insert(name.clone(), value.clone());
        }
        for (name, value) in &self.add {
            headers.append(name.clone(), value.clone());
        }
    }

    /// Changes a body.
    pub(crate) fn document(&self, document: &mut Json) {
        for change in &self.json {
            match change {
                JsonChange::Set(place, value) => {
                    place.set(document, value);
                }
                JsonChange::Remove(place) => place.remove(document),
                JsonChange::Rename(place, to) => place.rename(document, to),
            }
        }
    }
}
