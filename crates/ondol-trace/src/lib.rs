//! The spans that the house tells of its work, and the trace that each belongs to.
//!
//! Engines open spans by what they do — a request, a command, a delivery, a saga's step, a timer —
//! and never say what becomes of them. Where nobody listens a span costs next to nothing, no id
//! is drawn, and what goes out carries the trace that came in. Where a [`Recorder`] does, it keeps
//! what it knows of an open span beside it, as [`Here`], and what goes out names the span that sent
//! it.
//!
//! A trace goes on in two ways. Whoever waits for an answer is the *parent* of what answers.
//! Across a hop that nobody waits at — an event that is read later, a timer — what comes after
//! is of the same trace, and *linked* to what it follows.

mod ended;
mod here;
mod over;
mod recorder;
mod shapes;
mod watched;

pub use ended::{
    Ended, FIELDS_MAX, Kind, Piece, SPANS_MAX, TEXT_BYTES_MAX, TOLD_MAX, Told, Value, Why,
};
pub use here::{Here, WAITS_MAX, Waited, context};
pub use over::{Known, Over, begins_whole, over};
pub use recorder::{Keep, Recorder, Sampling, WHOLE_SHARE, is_recorded};
pub use shapes::{TARGET, answered, command, delivery, failed, policy, saga_step, server, timer};
pub use watched::{For, Origin, Watched};

#[cfg(test)]
mod tests;
