//! Spans that have ended, and those that belong together.

use std::time::Duration;

use ondol_kernel::{CorrelationId, Timestamp, TraceParent};

use crate::Waited;

/// How many fields of a span are kept.
pub const FIELDS_MAX: usize = 24;
/// How many things told in a span are kept with it.
pub const TOLD_MAX: usize = 16;
/// How many spans of one piece of work are kept; further ones are counted.
pub const SPANS_MAX: usize = 256;
/// How many bytes of a field are kept.
pub const TEXT_BYTES_MAX: usize = 1024;

/// What a span is towards others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Work within a process.
    #[default]
    Internal,
    /// It answers somebody who waits.
    Server,
    /// It waits for somebody's answer.
    Client,
    /// It hands something over that is dealt with later.
    Producer,
    /// It deals with what was handed over.
    Consumer,
}

/// What a field says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A word of the program's own.
    Word(&'static str),
    /// A number.
    Number(u64),
    /// A number that may be below zero.
    Signed(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// Yes or no.
    Flag(bool),
}

/// Something that was told while a span was open.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// How long after the span had begun.
    pub after: Duration,
    /// Whether it was an error.
    pub is_error: bool,
    /// What was said.
    pub message: String,
}

/// A span that has ended. Its texts are as they were given: whoever lets them out masks them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What it is called.
    pub name: &'static str,
    /// What it is towards others.
    pub kind: Kind,
    /// Its trace and itself.
    pub context: TraceParent,
    /// The span that waited for it.
    pub parent: Option<u64>,
    /// The span that it follows.
    pub link: Option<TraceParent>,
    /// The business flow it belongs to.
    pub correlation: Option<CorrelationId>,
    /// When it began.
    pub begun: Timestamp,
    /// How long it took.
    pub long: Duration,
    /// Whether something went wrong in it.
    pub has_failed: bool,
    /// What it waited for.
    pub waits: Vec<Waited>,
    /// What there is to know about it.
    pub fields: Vec<(&'static str, Value)>,
    /// What was told in it.
    pub told: Vec<Told>,
}

/// Why a piece of work is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Something went wrong.
    Failed,
    /// It took long.
    Slow,
    /// It is of the share of all that is kept.
    Chosen,
}

/// The spans of one piece of work in one process: the first is what all others belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Why it is kept.
    pub why: Why,
    /// The spans, the outermost first.
    pub spans: Vec<Ended>,
    /// How many more there were.
    pub left_out: usize,
}
