//! All policies of a process by kind and name, for those who look after them.
//!
//! A console reads their states; a file of options makes or changes them all at once, or, if
//! anything in it is wrong, none of them.

mod file;

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::Serialize;
use serde_json::Value;

pub use self::file::ParseError;
use crate::{Kind, Mode, Policy};

/// The most policies a registry holds.
pub const POLICIES_MAX: usize = 10_000;

type Policies = BTreeMap<(Kind, String), Arc<dyn Policy>>;

/// The policies of a process. Clones are the same registry.
#[derive(Clone, Default)]
pub struct Registry(Arc<RwLock<Policies>>);

/// A policy as a console shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyState {
    /// What kind it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// How far it may go.
    pub mode: Mode,
    /// Its options.
    pub options: Value,
    /// Its state.
    pub state: Value,
}

/// A policy could not be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// There is one already.
    #[error("there is already a {} named `{name}`", kind.as_str())]
    Taken {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// There are too many.
    #[error("the registry is full with {POLICIES_MAX} policies")]
    Full,
}

impl Registry {
    /// Adds a policy.
    ///
    /// # Errors
    /// When one of the same kind has its name, or the registry is full.
    pub fn register(&self, policy: impl Policy) -> Result<(), RegisterError> {
        let mut policies = self.write();
        let (kind, name) = (policy.kind(), policy.name().to_owned());
        if policies.len() >= POLICIES_MAX {
            return Err(RegisterError::Full);
        }
        if policies.contains_key(&(kind, name.clone())) {
            return Err(RegisterError::Taken { kind, name });
        }
        policies.insert((kind, name), Arc::new(policy));
        Ok(())
    }

    /// Removes a policy; those who hold it go on using it.
    pub fn remove(&self, kind: Kind, name: &str) -> bool {
        self.write().remove(&(kind, name.to_owned())).is_some()
    }

    /// A policy by kind and name.
    pub fn get(&self, kind: Kind, name: &str) -> Option<Arc<dyn Policy>> {
        self.read().get(&(kind, name.to_owned())).cloned()
    }

    /// The handle of a policy: `registry.find::<Breaker>("cdn")`.
    pub fn find<P: Policy + Clone>(&self, name: &str) -> Option<P> {
        let policies = self.read();
        policies.iter().filter(|((_, its_name), _)| its_name == name).find_map(|(_, policy)| {
            let policy: &dyn Any = &**policy;
            policy.downcast_ref::<P>().cloned()
        })
    }

    /// The states of all, by kind and name.
    pub fn states(&self) -> Vec<PolicyState> {
        let policies: Vec<_> = self.read().values().cloned().collect();
        policies.iter().map(|policy| state_of(&**policy)).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Policies> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Policies> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state_of(policy: &dyn Policy) -> PolicyState {
    PolicyState {
        kind: policy.kind(),
        name: policy.name().to_owned(),
        mode: policy.mode(),
        options: policy.options_json(),
        state: policy.state_json(),
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.read().keys()).finish()
    }
}
