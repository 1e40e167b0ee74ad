//! What is asked of the writer, and answering it.

use std::collections::VecDeque;
use std::sync::Arc;

use ondol_kernel::{Envelope, Metadata, Position};
use ondol_store::{Append, AppendError, Appended, ReplicateError};
use tokio::sync::oneshot;

use crate::fault::Fault;

/// One thing asked of the writer.
#[derive(Debug)]
pub(crate) enum Job {
    Append(AppendJob),
    Recorded(RecordedJob),
}

/// An append, and who waits for it.
#[derive(Debug)]
pub(crate) struct AppendJob {
    pub(crate) append: Append,
    /// The metadata of each event in order, as they are stored.
    pub(crate) metadata: Vec<String>,
    pub(crate) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// Recorded events, and who waits for them.
#[derive(Debug)]
pub(crate) struct RecordedJob {
    pub(crate) events: Vec<Envelope>,
    pub(crate) metadata: Vec<String>,
    pub(crate) reply: oneshot::Sender<Result<Position, ReplicateError>>,
}

/// What is written in one transaction.
#[derive(Debug)]
pub(super) enum Work {
    Appends(Vec<AppendJob>),
    Recorded(RecordedJob),
}

/// What became of each.
#[derive(Debug)]
pub(super) enum Verdicts {
    Appends(Vec<Result<Appended, AppendError>>),
    Recorded(Result<Position, ReplicateError>),
}

impl Work {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Appends(jobs) => jobs.len(),
            Self::Recorded(_) => 1,
        }
    }

    /// Each append by itself.
    pub(super) fn apart(self) -> VecDeque<Self> {
        match self {
            Self::Appends(jobs) => jobs.into_iter().map(|job| Self::Appends(vec![job])).collect(),
            Self::Recorded(_) => VecDeque::from([self]),
        }
    }

    /// Gives everyone their answer. Who has gone away does not hear it.
    pub(super) fn answer(self, verdicts: Verdicts) {
        match (self, verdicts) {
            (Self::Appends(jobs), Verdicts::Appends(verdicts)) => {
                for (job, verdict) in jobs.into_iter().zip(verdicts) {
                    job.reply.send(verdict).ok();
                }
            }
            (Self::Recorded(job), Verdicts::Recorded(verdict)) => {
                job.reply.send(verdict).ok();
            }
            (Self::Appends(_), Verdicts::Recorded(_))
            | (Self::Recorded(_), Verdicts::Appends(_)) => {
                unreachable!("verdicts are of the kind of the work they are about")
            }
        }
    }

    /// Tells everyone that it did not come about.
    pub(super) fn fail(self, error: impl Fn() -> AppendError) {
        match self {
            Self::Appends(jobs) => {
                for job in jobs {
                    job.reply.send(Err(error())).ok();
                }
            }
            Self::Recorded(job) => {
                job.reply.send(Err(error().into())).ok();
            }
        }
    }

    /// The same, because of one fault that all of them share.
    pub(super) fn fail_with(self, fault: Fault, error: impl Fn(Arc<Fault>) -> AppendError) {
        let fault = Arc::new(fault);
        self.fail(|| error(Arc::clone(&fault)));
    }
}

/// The metadata of an event, as it is stored.
pub(crate) fn stored(metadata: &Metadata) -> String {
    serde_json::to_string(metadata).expect("metadata holds texts, numbers and lists of them")
}
