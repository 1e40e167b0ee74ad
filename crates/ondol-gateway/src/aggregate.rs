//! One answer out of several: what is asked of whom, in which order, and where it goes.

mod template;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Backend;
use crate::config::{AggregateOptions, PartOptions};
use crate::json::{Json, Pointer};

pub(crate) use template::{Hole, Template, query_value, unescape};

/// A route's parts.
pub(crate) struct Aggregate {
    pub(crate) parts: Vec<Part>,
    /// Parts that can be asked for side by side, after those before them.
    pub(crate) waves: Vec<Vec<usize>>,
    pub(crate) all_or_nothing: bool,
    pub(crate) part_bytes_max: u64,
}

/// A part.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) backend: Arc<Backend>,
    pub(crate) path: Template,
    pub(crate) timeout: Duration,
    pub(crate) required: bool,
    pick: Vec<Pointer>,
    drop: Vec<Pointer>,
    rename: Vec<(Pointer, String)>,
    at: Pointer,
}

impl Aggregate {
    /// The parts of a route; nothing, if they cannot be made, which checking says.
    pub(crate) fn new(
        options: &AggregateOptions,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Option<Self> {
        let parts = options.parts.iter().map(|(name, part)| Part::new(name, part, backends));
        let parts = parts.collect::<Option<Vec<_>>>()?;
        let waves = waves(&parts)?;
        let AggregateOptions { all_or_nothing, part_bytes_max, .. } = *options;
        Some(Self { parts, waves, all_or_nothing, part_bytes_max })
    }
}

impl Part {
    fn new(
        name: &str,
        options: &PartOptions,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Option<Self> {
        let place = |text: &String| Pointer::read(text).ok();
        let at = options.at.clone().unwrap_or_else(|| format!("/{}", escape(name)));
        let rename = options.rename.iter().map(|(from, to)| Some((place(from)?, to.clone())));
        Some(Self {
            name: name.to_owned(),
            backend: Arc::clone(backends.get(&options.from)?),
            path: Template::read(&options.path).ok()?,
            timeout: options.timeout,
            required: options.required,
            pick: options.pick.iter().map(place).collect::<Option<_>>()?,
            drop: options.drop.iter().map(place).collect::<Option<_>>()?,
            rename: rename.collect::<Option<_>>()?,
            at: place(&at)?,
        })
    }

    /// Puts what was answered where it goes. Whether there is such a place.
    pub(crate) fn place(&self, answer: &Json, into: &mut Json) -> bool {
        let mut answer = match self.pick.is_empty() {
            true => answer.clone(),
            false => Pointer::pick(&self.pick, answer),
        };
        for place in &self.drop {
            place.remove(&mut answer);
        }
        for (place, name) in &self.rename {
            place.rename(&mut answer, name);
        }
        if self.at.is_root() {
            if matches!(answer, Json::Object(_)) {
                into.join(answer);
                return true;
            }
            return false;
        }
        self.at.set(into, &answer)
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Parts in the order in which they can be asked for; nothing, if some wait for each other.
fn waves(parts: &[Part]) -> Option<Vec<Vec<usize>>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut left: Vec<usize> = (0..parts.len()).collect();
    while !left.is_empty() {
        let waits = |index: &usize| {
            let needed = parts[*index].path.parts();
            let waiting = left.iter().map(|other| parts[*other].name.as_str());
            needed.into_iter().any(|needed| waiting.clone().any(|name| name == needed))
        };
        let (later, now): (Vec<_>, Vec<_>) = left.iter().copied().partition(waits);
        if now.is_empty() {
            return None;
        }
        waves.push(now);
        left = later;
    }
    Some(waves)
}

#[cfg(test)]
mod tests;
