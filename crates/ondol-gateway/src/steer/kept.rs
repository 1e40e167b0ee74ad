//! What is steered, in a file: written whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::canary::Progress;
use super::judged::Canary;
use crate::config::{CanaryOptions, Colour};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    pub(super) canaries: Vec<KeptCanary>,
    pub(super) switches: Vec<KeptSwitch>,
    pub(super) drained: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptCanary {
    route: String,
    from: String,
    to: String,
    release: Option<String>,
    pub(super) progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptSwitch {
    pub(super) route: String,
    pub(super) written: Colour,
    pub(super) active: Colour,
}

impl KeptCanary {
    pub(super) fn of(route: &str, canary: &Canary) -> Self {
        let (from, to, release) = canary.tried();
        Self { route: route.to_owned(), from, to, release, progress: canary.progress() }
    }

    pub(super) fn is_of(&self, route: &str, options: &CanaryOptions) -> bool {
        self.route == route
            && self.from == options.from
            && self.to == options.to
            && self.release == options.release
    }
}

pub(super) fn read(file: &Path) -> Option<Kept> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was steered before cannot be read");
            return None;
        }
    };
    let kept = serde_json::from_slice(&text);
    kept.inspect_err(|error| {
        tracing::warn!(%error, file = %file.display(), "what was steered before makes no sense");
    })
    .ok()
}

pub(super) fn write(file: &Path, kept: &Kept) {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let text = serde_json::to_vec_pretty(kept).map_err(io::Error::other);
    let written =
        text.and_then(|text| std::fs::write(&new, text)).and_then(|()| std::fs::rename(&new, file));
    if let Err(error) = written {
        tracing::warn!(%error, file = %file.display(), "what is steered is not kept");
    }
}
