//! What a person can have done with a saga.

use ondol_domain::StepShape;

use super::{Draft, NextError};
use crate::Phase;
use crate::fact::Fact;
use crate::instance::Standing;

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "who wants it, of which step, and why")]
pub enum Order {
    /// Everything that waits to be tried again is tried at once.
    Resume { by: String },
    /// A step that waits to be tried again is tried at once.
    Retry { step: String, by: String },
    /// It goes on without a step, or without undoing it.
    Skip { step: String, by: String },
    /// It turns round.
    Cancel { because: String, by: String },
}

/// Why what was ordered cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// It has come to its end.
    #[error("the saga has come to its end")]
    Ended,
    /// It does not stand at that step.
    #[error("the saga does not stand at a step {step:?}")]
    NotThere {
        /// Which step.
        step: String,
    },
    /// Whether the step has taken effect is not known.
    #[error("whether the step {step:?} has taken effect is not known yet: let it be made void")]
    NotKnown {
        /// Which step.
        step: String,
    },
    /// A later step cannot do without its answer.
    #[error("the step {by:?} reads what {step:?} is answered, and cannot do without it")]
    Read {
        /// Which step.
        step: String,
        /// The one that reads it.
        by: String,
    },
    /// It is past its pivot.
    #[error("the saga is past its pivot, where nothing is undone")]
    PastPivot,
    /// It has turned round already.
    #[error("the saga has turned round already")]
    TurnedRound,
}

impl OrderError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended => "saga-ended",
            Self::NotThere { .. } => "saga-not-at-step",
            Self::NotKnown { .. } => "saga-step-unknown-outcome",
            Self::Read { .. } => "saga-step-is-read",
            Self::PastPivot => "saga-past-pivot",
            Self::TurnedRound => "saga-turned-round",
        }
    }
}

impl Draft<'_> {
    pub(super) fn order(&mut self, order: &Order) -> Result<(), NextError> {
        if self.instance.is_ended() {
            return Err(OrderError::Ended.into());
        }
        match order.clone() {
            Order::Resume { by } => {
                self.record(Fact::Resumed { by })?;
                self.time()
            }
            Order::Retry { step, by } => {
                self.stands_at(&step)?;
                self.record(Fact::Retried { step, by })?;
                self.time()
            }
            Order::Skip { step, by } => self.skip(step, by),
            Order::Cancel { because, by } => self.cancel(&because, &by),
        }
    }

    /// Before the pivot, a step that is being asked cannot be skipped: it may have taken effect,
    /// and nobody would undo it. One that cannot be made void can be, once a person was told:
    /// they have looked what it has done, and have undone it.
    fn skip(&mut self, step: String, by: String) -> Result<(), NextError> {
        let settled = match self.stands_at(&step)? {
            Standing::Asked { .. } => self.may_not_fail(&step)?,
            Standing::Settling(_) => self.is_stuck_at(&step),
            _ => true,
        };
        if !settled {
            return Err(OrderError::NotKnown { step }.into());
        }
        if let Some(by) = self.is_read_by(&step) {
            return Err(OrderError::Read { step, by }.into());
        }
        Ok(self.record(Fact::Skipped { step, by })?)
    }

    /// The step that will read the answer to one that is under way, going forward.
    fn is_read_by(&self, step: &str) -> Option<String> {
        let under_way = self.instance.steps.get(step).is_some_and(|record| {
            matches!(
                record.standing,
                Standing::Asked { .. } | Standing::Again { .. } | Standing::Waiting { .. }
            )
        });
        let mut steps = self.definition.shape().stages.iter().flatten();
        let reads = |reader: &&StepShape| {
            reader.name != step
                && reader.reads.iter().chain(&reader.undo_reads).any(|of| of == step)
        };
        let reader =
            steps.find(reads).filter(|_| under_way && self.instance.phase == Phase::Forward);
        reader.map(|reader| reader.name.clone())
    }

    fn cancel(&mut self, because: &str, by: &str) -> Result<(), NextError> {
        if self.has_passed_pivot() {
            return Err(OrderError::PastPivot.into());
        }
        if self.instance.phase != Phase::Forward {
            return Err(OrderError::TurnedRound.into());
        }
        Ok(self.turn_round(format!("{by} cancelled it: {because}"))?)
    }

    fn stands_at(&self, step: &str) -> Result<Standing, OrderError> {
        let record = self.instance.steps.get(step).filter(|step| step.standing.is_unfinished());
        let not_there = || OrderError::NotThere { step: step.to_owned() };
        record.map(|record| record.standing.clone()).ok_or_else(not_there)
    }
}
