//! Work of a program that draws the ids of its spans by itself, since it does so for all of its work and
//! at once; of what is kept, it tells when it is over.

use std::time::Duration;

use ondol_kernel::TraceParent;

use crate::Waited;
use crate::ended::{Ended, Kind, Piece, Value, Why};
use crate::recorder::{Recorder, is_sampled};
use crate::watched::listening;

/// Work that is over.
#[derive(Debug, Clone, Copy)]
pub struct Over {
    /// What it is called.
    pub name: &'static str,
    /// What it is towards others.
    pub kind: Kind,
    /// Its trace and itself, as they went out.
    pub context: TraceParent,
    /// The span that waited for it.
    pub parent: Option<u64>,
    /// How long ago it began.
    pub ago: Duration,
    /// How long it took.
    pub long: Duration,
    /// Whether something went wrong in it.
    pub has_failed: bool,
}

/// What there is to know about work.
#[derive(Debug, Default)]
pub struct Known {
    /// What it waited for.
    pub waits: Vec<Waited>,
    /// Everything else.
    pub fields: Vec<(&'static str, Value)>,
}

/// Whether a trace that begins here is written down whole; nothing where nobody listens.
pub fn begins_whole() -> Option<bool> {
    listening(Recorder::chooses)
}

/// Tells of work that is over, if it is to be kept. Only then is it asked what there is to know.
pub fn over(work: Over, known: impl FnOnce() -> Known) {
    listening(|recorder| recorder.over(work, known));
}

impl Recorder {
    fn over(&self, work: Over, known: impl FnOnce() -> Known) {
        let Over { name, kind, context, parent, ago, long, has_failed } = work;
        let why = match () {
            () if has_failed => Why::Failed,
            () if long >= self.sampling().slow => Why::Slow,
            () if is_sampled(context) => Why::Chosen,
            () => return,
        };
        let Known { waits, fields } = known();
        let begun = self.at(self.running().saturating_sub(ago));
        let span = Ended {
            name,
            kind,
            context,
            parent,
            link: None,
            correlation: None,
            begun,
            long,
            has_failed,
            waits,
            fields,
            told: Vec::new(),
        };
        self.keep(Piece { why, spans: vec![span], left_out: 0 });
    }
}
