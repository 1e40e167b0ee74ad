//! A view: documents folded from events, for questions that no single stream can answer.
//!
//! A view only folds. It sends nothing and asks nobody, so it can be thrown away and folded again
//! at any time, and gives the same documents whether it was folded at once, event by event, or in
//! batches. What a document is found by, besides its key, is declared as an [`Index`].

mod index;

use std::fmt::Display;
use std::time::Duration;

use ondol_kernel::Recorded;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{EventSet, Problems, ShapeProblem, Source};

pub use index::{Index, IndexKind, IndexValue};

/// One document of a view; its default is how it stands before the first event that touches it.
pub trait View: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the view is called.
    const NAME: &'static str;

    /// Raised whenever the fold, the keys or the indexes come to mean something else: the view is
    /// then folded anew beside the old one, and takes its place when it has caught up.
    const VERSION: u32;

    /// How long what is folded may wait to be written together with what comes next, while the
    /// view follows its log. Documents that change many times in a moment, and that nobody reads
    /// the moment they change, are written once.
    const GATHERS: Duration = Duration::ZERO;

    /// The ordered index by times that says until when a document is kept: once that is over it is
    /// thrown away, and a view that is folded anew has none of it. For documents that nothing
    /// happens to any more. Without it they are kept for ever.
    const KEPT_UNTIL: Option<&'static str> = None;

    /// What it is folded from.
    type Event: EventSet;

    /// Which documents an event touches.
    fn key(event: &Recorded<Self::Event>) -> Keys;

    /// What the event changes in one of them.
    fn apply(&mut self, event: &Recorded<Self::Event>);

    /// What documents are found by besides their keys.
    fn indexes() -> &'static [Index<Self>] {
        &[]
    }
}

/// Which documents an event touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// None: the event is passed over.
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Keys {
    /// The document with this key.
    pub fn one(key: impl Display) -> Self {
        Self::One(format!("{key}"))
    }

    /// The documents with these keys; one that is named twice is touched once.
    pub fn many<K: Display>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut several: Vec<String> = Vec::new();
        for key in keys {
            let key = key.to_string();
            if !several.contains(&key) {
                several.push(key);
            }
        }
        Self::Many(several)
    }

    /// The keys, in order.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(key) => std::slice::from_ref(key),
            Self::Many(keys) => keys,
        }
    }
}

/// A view as it can be shown, and as a store can prepare itself for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewShape {
    /// What it is called.
    pub name: &'static str,
    /// Which version of it.
    pub version: u32,
    /// What it is folded from.
    pub sources: Vec<Source>,
    /// What documents are found by besides their keys.
    pub indexes: Vec<(&'static str, IndexKind)>,
}

/// What is wrong with a view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewProblem {
    /// Its events cannot be read.
    #[error(transparent)]
    Events(Problems<ShapeProblem>),
    /// A name is not one that every store can use.
    #[error("{name:?} is no name: lower case letters, digits, '_' and '.', from a letter on")]
    Name {
        /// The name.
        name: &'static str,
    },
    /// Documents are to be kept until a time that no index puts in order.
    #[error("documents are kept until {name:?} says, and no ordered index is called so")]
    KeptUntil {
        /// The name.
        name: &'static str,
    },
    /// Two indexes have one name.
    #[error("two indexes are called {name:?}")]
    SameIndex {
        /// The name.
        name: &'static str,
    },
}

/// The shape of a view, once it has been checked.
///
/// # Errors
/// With everything that is wrong with it.
pub fn view_shape<V: View>() -> Result<ViewShape, Problems<ViewProblem>> {
    let indexes: Vec<_> = V::indexes().iter().map(|index| (index.name, index.kind)).collect();
    let names = || indexes.iter().map(|(name, _)| *name);
    let mut found: Vec<_> = std::iter::once(V::NAME)
        .chain(names())
        .filter(|name| !is_name(name))
        .map(|name| ViewProblem::Name { name })
        .collect();
    let before = |at: usize, name: &str| names().take(at).any(|other| other == name);
    let twice = names().enumerate().filter(|(at, name)| before(*at, name));
    found.extend(twice.map(|(_, name)| ViewProblem::SameIndex { name }));
    let puts_in_order = |name: &&'static str| indexes.contains(&(*name, IndexKind::Ordered));
    let kept_until = V::KEPT_UNTIL.filter(|name| !puts_in_order(name));
    found.extend(kept_until.map(|name| ViewProblem::KeptUntil { name }));
    let sources = match V::Event::reader() {
        Ok(reader) => reader.sources().to_vec(),
        Err(problems) => {
            found.push(ViewProblem::Events(problems));
            Vec::new()
        }
    };
    Problems::none_in(format!("the view {:?}", V::NAME), found)?;
    Ok(ViewShape { name: V::NAME, version: V::VERSION, sources, indexes })
}

fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
