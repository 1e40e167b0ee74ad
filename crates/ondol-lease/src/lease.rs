//! A lease, who holds it, and since which change of hands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ondol_kernel::Id;

/// The longest name of a lease, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// What only one may do at a time: the singletons of `bank.account`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseName(Arc<str>);

/// Why a text does not name a lease.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a lease is named by 1 to 128 bytes without control characters, found {found:?}")]
pub struct LeaseNameError {
    /// The beginning of what was found.
    pub found: String,
}

impl LeaseName {
    /// The name, once it is checked.
    ///
    /// # Errors
    /// When it is empty, too long, or has control characters.
    pub fn new(text: impl Into<Arc<str>>) -> Result<Self, LeaseNameError> {
        let text = text.into();
        let has_size = !text.is_empty() && text.len() <= NAME_BYTES_MAX;
        if has_size && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        Err(LeaseNameError { found: text.chars().take(64).collect() })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who holds a lease: one life of a process. A process that was started again is another.
pub type Holder = Id<HolderOf>;

/// Whoever may hold a lease.
#[derive(Debug)]
pub enum HolderOf {}

/// How often a lease has changed hands. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lease as its holder knows it. That it was given says nothing about now: writes are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: LeaseName,
    /// Who was given it.
    pub holder: Holder,
    /// Under which epoch.
    pub epoch: Epoch,
}

/// What comes of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is held from now on, for the term that was asked.
    Held(Lease),
    /// Another holds it.
    ByOther {
        /// Under which epoch.
        epoch: Epoch,
        /// For how long, unless it is renewed.
        left: Duration,
    },
}

/// Why a lease was not taken, checked or given back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Another has taken it since, or it was never given.
    #[error("the lease {name} of epoch {epoch} is no longer held")]
    Lost {
        /// What it was for.
        name: LeaseName,
        /// Under which epoch it was thought to be held.
        epoch: Epoch,
    },
    /// No lease is held here at present.
    #[error("the lease {name} is not held here")]
    NotHeld {
        /// What it is for.
        name: LeaseName,
    },
    /// The store could not be reached; try again.
    #[error("the store of leases cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl LeaseError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lost { .. } | Self::NotHeld { .. } => "lease-lost",
            Self::Unavailable(_) => "lease-store-unavailable",
        }
    }

    /// That a lease is no longer held.
    pub fn lost(lease: &Lease) -> Self {
        Self::Lost { name: lease.name.clone(), epoch: lease.epoch }
    }
}
