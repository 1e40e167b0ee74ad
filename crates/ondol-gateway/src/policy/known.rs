//! What policies have counted: it outlives configurations, and is found again by its name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// Things by their names, for as long as a configuration uses them.
#[derive(Debug)]
pub(crate) struct Known<T>(Mutex<BTreeMap<String, Weak<T>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Known<T> {
    /// The one of this name: the one there was, if there was one.
    pub(crate) fn named(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.lock();
        if let Some(one) = known.get(name).and_then(Weak::upgrade) {
            return one;
        }
        let one = Arc::new(make());
        known.insert(name.to_owned(), Arc::downgrade(&one));
        one
    }

    /// Forgets what no configuration uses.
    pub(crate) fn tidy(&self) {
        self.lock().retain(|_, one| one.strong_count() > 0);
    }

    /// All of them, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(String, Arc<T>)> {
        let known = self.lock();
        let all = known.iter().filter_map(|(name, one)| Some((name.clone(), one.upgrade()?)));
        all.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Weak<T>>> {
        self.0.lock().expect("nobody panics while holding what is known")
    }
}
