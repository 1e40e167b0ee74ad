//! What a service does because something has happened, here or elsewhere: policies and effects.
//!
//! A reaction follows feeds and does what follows from each event at least once, under ids that
//! are derived from the event, so that it takes effect once. Events of one stream are dealt with
//! one after the other, those of different streams at the same time, as many as the options say.
//!
//! Its checkpoint is the place up to which everything has been dealt with, whatever was quicker
//! behind it. It is saved now and then beside the service's views: a checkpoint that is lost only
//! has commands repeated whose ids are known. An event that fails parks its stream: later events
//! of the stream wait in order, all others flow.

mod act;
mod attend;
mod book;
mod control;
mod deal;
mod decision;
mod drain;
mod effect;
mod lanes;
mod marks;
mod options;
mod parked;
mod policy;
mod progress;
mod reading;
mod run;
mod session;

pub use book::BookError;
pub use control::{MendError, Mended, ParkedEvent, ReactionControl};
pub use decision::{Decided, Decision};
pub use effect::{Effect, EffectError, EffectId, Sent, effect};
pub use options::{ReactionOptions, ReactionOptionsProblem};
pub use policy::policy_command;
pub use progress::{ReactionPhase, ReactionProgress, SourceProgress};

pub(crate) use act::{Act, Acted, Delivered, Fault};
pub(crate) use deal::ReactionSource;
pub(crate) use run::{Plan, Reaction, start};

use policy::PolicyAct;

#[cfg(test)]
mod tests;
