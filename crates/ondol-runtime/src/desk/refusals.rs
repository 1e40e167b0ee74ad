//! What requests from outside were answered when nothing happened: kept for a day, in a bounded
//! place, so that a repeated request gets the answer it got and nobody can grow the log by asking
//! for what is refused. It does not outlive the process: after a restart the thing decides again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ondol_domain::Aggregate;
use ondol_doors::Clock;
use ondol_kernel::{CommandId, ContentType, Payload, Position, StreamId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answer, DeskOptions, HandleError, Verdict};
use crate::Request;

/// The answers that are remembered.
#[derive(Debug)]
pub(super) struct Refusals {
    most: usize,
    kept_for: Duration,
    clock: Arc<dyn Clock>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    entries: HashMap<CommandId, Entry>,
    by_age: VecDeque<(Duration, CommandId)>,
}

#[derive(Debug, Clone)]
struct Entry {
    stream: StreamId,
    refusal: Option<Payload>,
    position: Position,
}

impl Refusals {
    pub(super) fn new(options: &DeskOptions, clock: Arc<dyn Clock>) -> Self {
        let (most, kept_for) = (options.refusals_max, options.refusals_kept);
        Self { most, kept_for, clock, book: Mutex::default() }
    }

    /// The answer that this request has got before, if it is remembered.
    pub(super) fn recall<A: Aggregate>(
        &self,
        stream: &StreamId,
        request: &Request,
    ) -> Result<Option<Answer<A>>, HandleError> {
        let Some(entry) = self.book().entries.get(&request.command).cloned() else {
            return Ok(None);
        };
        if entry.stream != *stream {
            let (asked, took_effect) = (stream.clone(), entry.stream);
            return Err(HandleError::IdTaken { asked, took_effect });
        }
        let verdict = match &entry.refusal {
            Some(refusal) => Verdict::Refused(read(refusal)?),
            None => Verdict::Accepted(Vec::new()),
        };
        Ok(Some(Answer { verdict, repeated: true, position: entry.position }))
    }

    /// Remembers an answer.
    pub(super) fn keep<A: Aggregate>(
        &self,
        stream: &StreamId,
        command: CommandId,
        answer: &Answer<A>,
    ) -> Result<(), HandleError> {
        let refusal = match &answer.verdict {
            Verdict::Refused(refusal) => Some(written(refusal)?),
            Verdict::Accepted(_) | Verdict::Voided => None,
        };
        let entry = Entry { stream: stream.clone(), refusal, position: answer.position };
        let now = self.clock.running();
        let mut book = self.book();
        book.forget(self.most, now.saturating_sub(self.kept_for));
        if book.entries.insert(command, entry).is_none() {
            book.by_age.push_back((now, command));
        }
        Ok(())
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Forgets what is older than it may be, and the oldest when there is no room for one more.
    fn forget(&mut self, most: usize, before: Duration) {
        while let Some(&(kept_at, command)) = self.by_age.front() {
            if kept_at >= before && self.by_age.len() < most {
                break;
            }
            self.by_age.pop_front();
            self.entries.remove(&command);
        }
    }
}

/// A refusal as it is kept.
pub(super) fn written<R: Serialize>(refusal: &R) -> Result<Payload, HandleError> {
    serde_json::to_vec(refusal).map(Payload::json).map_err(HandleError::RefusalUnwritable)
}

/// A refusal as it was meant.
pub(super) fn read<R: DeserializeOwned>(kept: &Payload) -> Result<R, HandleError> {
    if kept.content_type != ContentType::Json {
        let found = kept.content_type.as_str();
        let error = <serde_json::Error as serde::de::Error>::custom(format!("it is {found}"));
        return Err(HandleError::RefusalUnreadable(error));
    }
    serde_json::from_slice(&kept.bytes).map_err(HandleError::RefusalUnreadable)
}
