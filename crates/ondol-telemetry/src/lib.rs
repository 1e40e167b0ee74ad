//! What happened, why, and what to do about it.
//!
//! A program of the house calls [`begin`] once, before anything else, and from then on tells what
//! it does: JSON a line, or text on a terminal, with the trace and the business flow that a line
//! belongs to. [`begin_with_traces`] also keeps the traces of the last while in memory, for a console
//! that needs no collector, and tells a collector of them if there is one. What is known of people, and what opens doors, leaves by no way: every text that
//! goes out, of errors and panics too, passes the [mask].

mod begin;
mod dashboards;
mod exposition;
mod lines;
pub mod mask;
pub mod objectives;
mod options;
mod otlp;
mod panics;
mod traces;

pub use begin::{BeginError, Telemetry, Telling, begin, begin_with_traces, listener};
pub use dashboards::dashboard;
pub use options::{LogFormat, Logging};
pub use otlp::{Exporter, OtlpOptions};
pub use traces::{
    Hop, Node, ShownSpan, ShownTold, Summary, TRACES_PER_PAGE_MAX, TraceOptions, TraceQuestion,
    Traces, Tree, name_of, router,
};
