//! The recorder as a layer: what happens when spans begin, say something and end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::read::{Message, Said};
use super::{Group, Recorder, is_sampled};
use crate::ended::{Ended, Piece, SPANS_MAX, TOLD_MAX, Told, Why};
use crate::{Here, TARGET};

/// Whether the recorder wants to know of this: the spans of the house, and what goes wrong in them.
pub fn is_recorded(about: &Metadata<'_>) -> bool {
    if about.is_span() { about.target() == TARGET } else { *about.level() <= Level::WARN }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        let around = span.parent();
        let around = around.as_ref().map(SpanRef::extensions);
        let around = around.as_ref().and_then(|extensions| extensions.get::<Here>());
        let here = self.opened(said, around);
        span.extensions_mut().insert(here);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(here) = extensions.get_mut::<Here>() else { return };
        let fields = std::mem::take(&mut here.fields);
        let mut said = Said { fields, ..Said::default() };
        record.record(&mut said);
        here.fields = said.fields;
        here.has_failed |= said.has_failed;
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        let mut extensions = span.extensions_mut();
        let Some(here) = extensions.get_mut::<Here>() else { return };
        let is_error = *event.metadata().level() == Level::ERROR;
        here.has_failed |= is_error;
        if here.told.len() < TOLD_MAX {
            let mut message = Message::default();
            event.record(&mut message);
            let after = self.clock.running().saturating_sub(here.since);
            here.told.push(Told { after, is_error, message: message.0 });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(here) = span.extensions_mut().remove::<Here>() else { return };
        let (group, is_outermost) = (Arc::clone(&here.group), here.is_outermost);
        let ended = self.ended(span.name(), here);
        let mut group = locked(&group);
        group.has_failed |= ended.has_failed;
        if !is_outermost {
            if group.spans.len() < SPANS_MAX {
                group.spans.push(ended);
            } else {
                group.left_out += 1;
            }
            return;
        }
        let why = match () {
            () if group.has_failed => Why::Failed,
            () if ended.long >= self.sampling.slow => Why::Slow,
            () if is_sampled(ended.context) => Why::Chosen,
            () => return,
        };
        let Group { mut spans, left_out, .. } = std::mem::take(&mut *group);
        drop(group);
        spans.push(ended);
        // They have ended from the inside out.
        spans.reverse();
        self.keep(Piece { why, spans, left_out });
    }
}

impl Recorder {
    fn opened(&self, said: Said, around: Option<&Here>) -> Here {
        let (parent, link) = (said.parent(), said.link());
        let since = self.clock.running().saturating_sub(said.ago);
        let is_of_same = |around: &&Here| {
            parent.is_none_or(|parent| parent.trace_id() == around.context.trace_id())
        };
        // Whoever is around waits, and is nearer than whoever he himself is waited for by.
        let around = around.filter(is_of_same);
        let (context, waits_for_it) = match (around, parent, link) {
            (Some(around), _, _) => (around.context, Some(around.context.parent_id())),
            (None, Some(parent), _) => (parent, Some(parent.parent_id())),
            (None, None, Some(link)) => (link, None),
            (None, None, None) => {
                let is_chosen = said.is_chosen.unwrap_or_else(|| self.chooses());
                (self.begin_trace(is_chosen), None)
            }
        };
        let is_new = around.is_none() && parent.is_none() && link.is_none();
        let context =
            if is_new { context } else { self.span_of(context.trace_id(), context.flags()) };
        Here {
            context,
            correlation: said.correlation.or_else(|| around.and_then(|around| around.correlation)),
            kind: said.kind,
            parent: waits_for_it,
            link,
            since,
            has_failed: said.has_failed,
            waits: Vec::new(),
            fields: said.fields,
            told: Vec::new(),
            group: around.map_or_else(Arc::default, |around| Arc::clone(&around.group)),
            is_outermost: around.is_none(),
        }
    }

    fn ended(&self, name: &'static str, here: Here) -> Ended {
        Ended {
            name,
            kind: here.kind,
            context: here.context,
            parent: here.parent,
            link: here.link,
            correlation: here.correlation,
            begun: self.at(here.since),
            long: self.clock.running().saturating_sub(here.since),
            has_failed: here.has_failed,
            waits: here.waits,
            fields: here.fields,
            told: here.told,
        }
    }
}

fn locked(group: &Mutex<Group>) -> MutexGuard<'_, Group> {
    group.lock().unwrap_or_else(PoisonError::into_inner)
}
