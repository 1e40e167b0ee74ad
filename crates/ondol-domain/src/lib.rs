//! Aggregate, View, Policy, Saga: the pure shapes a business file imports.
//!
//! A business file says what may be asked, what has happened, why the answer is no, and how one
//! follows from the other. Nothing here does I/O, waits, reads a clock or draws a number, so a
//! decision gives the same answer today, in a test, and in a replay ten years from now. Engines
//! run these shapes; they are not in this crate.

mod aggregate;
mod call;
mod codec;
mod event_set;
mod event_type;
mod facts;
mod fingerprint;
mod impossible;
mod lock;
mod policy;
mod problems;
mod refused;
mod saga;
mod sealed;
mod snapshot;
mod timer;
mod upcast;
mod variant;
mod view;

/// JSON as an upcast sees it, so that a pure crate needs no library of its own for it.
pub use serde_json as json;

pub use aggregate::{Accepted, Aggregate, Decision, Unique, accept, already_done, fold, refuse};
pub use call::{
    Ask, Asked, Call, CallError, CommandError, Contract, Own, Target, ask, command_names,
};
pub use codec::{Codec, DecodeError, EncodeError, Encoded, Shape, ShapeProblem};
pub use event_set::{EventSet, Reader, Source};
pub use facts::Facts;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use impossible::Impossible;
pub use lock::{Holder, Lock};
pub use policy::{Policy, ReactError, ReadsView, policy, policy_of_recorded, policy_reading};
pub use problems::Problems;
pub use refused::Refused;
pub use saga::{
    Answer, Answers, IfThere, Listener, Reading, Reads, Retry, RetryShape, STEP_WITHIN_USUAL, Saga,
    SagaData, SagaProblem, SagaShape, SayError, Stage, Starter, Step, StepError, StepShape, Turn,
    Wait, WaitError, Waited,
};
pub use sealed::Sealed;
pub use snapshot::{Snapshot, SnapshotError};
pub use timer::{Date, Due, TimeOfDay, TimerOrder, cancel_timer, set_timer};
pub use upcast::{Lift, LiftError, UpcastProblem, Upcasts};
pub use variant::names as variant_names;
pub use view::{Index, IndexKind, IndexValue, Keys, View, ViewProblem, ViewShape, view_shape};
