//! Aggregate, View, Policy, Saga: the pure shapes a business file imports.
//!
//! A business file says what may be asked, what has happened, why the answer is no, and how one
//! follows from the other. Nothing here does I/O, waits, reads a clock or draws a number, so a
//! decision gives the same answer today, in a test, and in a replay ten years from now. Engines
//! run these shapes; they are not in this crate.

mod aggregate;
mod codec;
mod event_type;
mod facts;
mod fingerprint;
mod impossible;
mod problems;
mod snapshot;
mod upcast;
mod variant;

/// JSON as an upcast sees it, so that a pure crate needs no library of its own for it.
pub use serde_json as json;

pub use aggregate::{Accepted, Aggregate, Decision, accept, already_done, fold, refuse};
pub use codec::{Codec, DecodeError, EncodeError, Encoded, Shape, ShapeProblem};
pub use facts::Facts;
pub use fingerprint::Fingerprint;
pub use impossible::Impossible;
pub use problems::Problems;
pub use snapshot::{Snapshot, SnapshotError};
pub use upcast::{Lift, LiftError, UpcastProblem, Upcasts};
