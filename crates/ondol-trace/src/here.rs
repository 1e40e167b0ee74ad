//! What is kept beside an open span by whoever listens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_kernel::{CorrelationId, TraceParent};
use tracing::Span;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan;

use crate::ended::{Kind, Told, Value};
use crate::recorder::Group;

/// How many different things a span says it waited for; more are not told apart.
pub const WAITS_MAX: usize = 8;

/// What a span waited for, and how long in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// For what.
    pub what: &'static str,
    /// How long.
    pub long: Duration,
}

/// What is known of an open span.
#[derive(Debug)]
pub struct Here {
    /// Its trace and itself: what goes out of it carries this.
    pub context: TraceParent,
    /// The business flow it belongs to, if that is known.
    pub correlation: Option<CorrelationId>,
    pub(crate) kind: Kind,
    pub(crate) parent: Option<u64>,
    pub(crate) link: Option<TraceParent>,
    pub(crate) since: Duration,
    pub(crate) has_failed: bool,
    pub(crate) waits: Vec<Waited>,
    pub(crate) fields: Vec<(&'static str, Value)>,
    pub(crate) told: Vec<Told>,
    /// The others that belong to the same piece of work.
    pub(crate) group: Arc<Mutex<Group>>,
    /// Whether all others belong to this one.
    pub(crate) is_outermost: bool,
}

impl Here {
    /// It has waited.
    pub(crate) fn waited(&mut self, what: &'static str, long: Duration) {
        if let Some(waited) = self.waits.iter_mut().find(|waited| waited.what == what) {
            waited.long = waited.long.saturating_add(long);
        } else if self.waits.len() < WAITS_MAX {
            self.waits.push(Waited { what, long });
        }
    }
}

/// The trace that goes out of a span; nothing if nobody listens to it.
pub fn context(span: &Span) -> Option<TraceParent> {
    beside(span, |here| here.context)
}

/// Reads what is kept beside a span.
fn beside<T>(span: &Span, read: impl FnOnce(&Here) -> T) -> Option<T> {
    let found = span.with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        let extensions = span.extensions();
        extensions.get::<Here>().map(read)
    });
    found.flatten()
}

/// A span says what it has waited for.
pub(crate) fn has_waited(span: &Span, waits: impl Iterator<Item = Waited>) {
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>();
        let Some(span) = registry.and_then(|registry| registry.span(id)) else { return };
        if let Some(here) = span.extensions_mut().get_mut::<Here>() {
            waits.for_each(|waited| here.waited(waited.what, waited.long));
        }
    });
}
