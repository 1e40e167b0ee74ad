//! Semantic locks: a saga holds a thing while it is under way, so that nobody else decides by
//! what may still be undone.
//!
//! The lock is a part of the thing's own state, taken and let go by the thing's own events: it is
//! in the log like everything else, and every replay agrees on it. What conflicts with it is for
//! [`decide`](crate::Aggregate::decide) to say, and whether whoever is kept out is told no or waits
//! is for [`waits_for`](crate::Aggregate::waits_for).
//!
//! A saga takes locks before its pivot and lets go in its undo and at its end. Sagas that wait for
//! each other in a circle are found by whoever runs them, and one of them is turned round.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// A saga that holds something, by its name and its identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// What the saga is called.
    pub saga: String,
    /// What tells it from others of its name.
    pub identity: String,
}

/// Who holds a thing, if anybody does. Part of the state of the thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lock(Option<Holder>);

impl Holder {
    /// The saga of this name with this identity.
    pub fn of(saga: impl Into<String>, identity: impl Display) -> Self {
        Self { saga: saga.into(), identity: identity.to_string() }
    }
}

impl Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.saga, self.identity)
    }
}

impl Lock {
    /// Who holds it.
    pub const fn holder(&self) -> Option<&Holder> {
        self.0.as_ref()
    }

    /// Whether this one holds it.
    pub fn is_held_by(&self, holder: &Holder) -> bool {
        self.0.as_ref() == Some(holder)
    }

    /// Who keeps somebody out: whoever holds it, unless it is that one's own. Those who belong to
    /// no saga are kept out by every holder.
    pub fn keeps_out(&self, who: Option<&Holder>) -> Option<&Holder> {
        self.0.as_ref().filter(|holder| Some(*holder) != who)
    }

    /// Held from now on; nothing if it is held by another.
    #[must_use]
    pub fn taken_by(&self, holder: &Holder) -> Option<Self> {
        self.keeps_out(Some(holder)).is_none().then(|| Self(Some(holder.clone())))
    }

    /// Free from now on, if it was this one's; as it was otherwise. So to let go twice, or of what
    /// was never held, does nothing.
    #[must_use]
    pub fn let_go_by(&self, holder: &Holder) -> Self {
        if self.is_held_by(holder) { Self(None) } else { self.clone() }
    }
}

#[cfg(test)]
mod tests;
