//! Which stored answers are to go, as people say it.

use bytes::Bytes;
use http::HeaderMap;

use crate::cache::{Key, Purge};
use crate::canonical::{Host, Target, canonical_path};

/// Stored answers that are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purged {
    /// Those of an address: `https://host/path?query`. Its scheme does not matter.
    Url(String),
    /// Those below a path: `/path` on all hosts, or `https://host/path`.
    Below(String),
    /// Those whose `Cache-Tag` has this word.
    Tag(String),
    /// All.
    Everything,
}

/// What is to go cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address whose answers could be stored: `https://host/path?query`")]
pub struct PurgeError(pub String);

impl Purged {
    pub(crate) fn read(&self) -> Result<Vec<Purge>, PurgeError> {
        match self {
            Self::Url(url) => {
                let target = read_url(url).ok_or_else(|| PurgeError(url.clone()))?;
                let key = Key::of(true, &target);
                Ok(vec![Purge::Key(key.otherwise()), Purge::Key(key)])
            }
            Self::Below(place) => {
                let below = read_below(place).ok_or_else(|| PurgeError(place.clone()))?;
                Ok(vec![Purge::Below(below.0, below.1)])
            }
            Self::Tag(tag) => Ok(vec![Purge::Tag(tag.clone())]),
            Self::Everything => Ok(vec![Purge::Everything]),
        }
    }
}

fn read_url(url: &str) -> Option<Target> {
    let url = url.split('#').next().unwrap_or_default();
    let target = Bytes::copy_from_slice(url.as_bytes());
    // Without a host among the headers, only a whole address says where it is.
    let target = Target::read(&target, None, &HeaderMap::new(), 0).ok()?;
    (target.host != Host::none()).then_some(target)
}

fn read_below(place: &str) -> Option<(Option<String>, String)> {
    if place.starts_with('/') {
        let path = canonical_path(place.as_bytes()).ok()?;
        let path = path.map_or_else(|| Some(place.to_owned()), |path| String::from_utf8(path).ok());
        return Some((None, path?));
    }
    let target = read_url(place)?;
    Some((Some(target.host.as_str().to_owned()), target.as_str().to_owned()))
}
