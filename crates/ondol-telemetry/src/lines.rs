//! What is told, a line each: JSON for machines, text for people.

mod fields;
mod json;
mod text;

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use ondol_kernel::{CorrelationId, TraceParent};
use ondol_trace::Here;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use fields::{Fields, Value};

use crate::otlp::{self, News, Outbox};

/// The trace, the span and the business flow that a line belongs to.
pub(crate) type Whose = (TraceParent, Option<CorrelationId>);

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A JSON value.
    Json,
    /// Text, perhaps in colours.
    Text { has_colour: bool },
}

/// Writes what is told, a whole line at a time.
pub(crate) struct Lines {
    style: Style,
    out: Mutex<Box<dyn Write + Send>>,
    /// Where lines for the collector are put, if there is one.
    outbox: Option<Outbox>,
}

impl Lines {
    pub(crate) fn new(style: Style, out: impl Write + Send + 'static) -> Self {
        Self { style, out: Mutex::new(Box::new(out)), outbox: None }
    }

    /// The same, telling a collector too.
    pub(crate) fn and_to(mut self, outbox: Option<Outbox>) -> Self {
        self.outbox = outbox;
        self
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // The nearest span that somebody keeps something of says which trace this belongs to.
        let scope = context.event_scope(event).into_iter().flatten();
        let here = scope
            .filter_map(|span| {
                let extensions = span.extensions();
                extensions.get::<Here>().map(|here| (here.context, here.correlation))
            })
            .next();
        if let Some(outbox) = &self.outbox {
            let record = otlp::record(event.metadata(), &fields, here);
            outbox.take(News::Line(Box::new(record)));
        }
        let mut line = match self.style {
            Style::Json => json::line(event.metadata(), fields, here).to_string(),
            Style::Text { has_colour } => text::line(event.metadata(), fields, here, has_colour),
        };
        line.push('\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nothing can be written, nobody can be told so either.
        drop(out.write_all(line.as_bytes()));
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("style", &self.style).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
