//! How a thing's state is written down between events.
//!
//! A snapshot only saves time. It is kept under the [fingerprint](Snapshot::fingerprint) of the
//! fold that made it, so one made by other code is not found; and whoever finds none replays.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Aggregate, Codec, Fingerprint, Problems, ShapeProblem};

/// How the state of an `A` is written and read.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<A> {
    write: fn(&A) -> Result<Vec<u8>, serde_json::Error>,
    read: fn(&[u8]) -> Result<A, serde_json::Error>,
}

/// Why a snapshot cannot be used. The events are still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The state cannot be written.
    #[error("the state of {kind} cannot be written as a snapshot")]
    Unwritable {
        /// What kind of thing it is.
        kind: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The snapshot cannot be read.
    #[error("a snapshot of {kind} cannot be read")]
    Unreadable {
        /// What kind of thing it is.
        kind: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl<A: Aggregate> Snapshot<A> {
    /// Writes the state.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, state: &A) -> Result<Vec<u8>, SnapshotError> {
        (self.write)(state).map_err(|source| SnapshotError::Unwritable { kind: A::KIND, source })
    }

    /// Reads the state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, bytes: &[u8]) -> Result<A, SnapshotError> {
        (self.read)(bytes).map_err(|source| SnapshotError::Unreadable { kind: A::KIND, source })
    }

    /// What the snapshots of this fold are kept under: it changes with the fold's version and
    /// with the shape of any of its events.
    ///
    /// # Errors
    /// When the events' shapes do not hold together.
    pub fn fingerprint() -> Result<Fingerprint, Problems<ShapeProblem>> {
        let mut text = format!("{}/{}", A::KIND, A::FOLD);
        for shape in Codec::<A::Event>::of::<A>()?.shapes() {
            text.push_str(&format!("/{}@{}", shape.event_type, shape.schema_version));
        }
        Ok(Fingerprint::of(&text))
    }
}

impl<A: Aggregate + Serialize + DeserializeOwned> Snapshot<A> {
    /// Written as JSON.
    pub const fn json() -> Self {
        Self {
            write: |state| serde_json::to_vec(state),
            read: |bytes| serde_json::from_slice(bytes),
        }
    }
}
