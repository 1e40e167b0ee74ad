//! Why sagas were not opened, or one was not started or told something.

use ondol_domain::{Problems, SagaProblem, ShapeProblem};
use ondol_kernel::{StreamId, StreamIdError};
use ondol_store::AppendError;

use super::{LoadSagaError, SagaOptionsProblem};
use crate::Defect;
use crate::machine::{NextError, OrderError};

/// Why sagas cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSagasError {
    /// The options cannot be used.
    #[error(transparent)]
    Options(#[from] Problems<SagaOptionsProblem>),
    /// A definition does not hold together: what it does may go wrong in every saga.
    #[error(transparent)]
    Definition(#[from] Problems<SagaProblem>),
    /// Facts cannot be recorded.
    #[error(transparent)]
    Shapes(#[from] Problems<ShapeProblem>),
    /// The view has no name.
    #[error("the view of the sagas cannot be named")]
    Name(#[from] ondol_views::NameError),
}

/// Why a saga was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartSagaError {
    /// No such saga is known.
    #[error("there is no saga {saga:?}")]
    Unknown {
        /// What was to be started.
        saga: String,
    },
    /// What it is to know cannot be written.
    #[error("what the saga is to know cannot be written")]
    Data(#[source] serde_json::Error),
    /// Its identity cannot name it.
    #[error("the saga cannot be named by its identity")]
    Identity(#[from] StreamIdError),
    /// Its definition does not fit.
    #[error("the saga cannot begin")]
    Begin(#[from] NextError),
    /// It could not be recorded.
    #[error("the beginning of the saga could not be recorded")]
    Append(#[from] AppendError),
}

impl From<Defect> for StartSagaError {
    fn from(defect: Defect) -> Self {
        Self::Begin(defect.into())
    }
}

impl StartSagaError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "saga-unknown",
            Self::Data(_) | Self::Identity(_) | Self::Begin(_) => "saga-cannot-begin",
            Self::Append(error) => error.code(),
        }
    }
}

/// Why what was ordered was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderSagaError {
    /// There is no such saga.
    #[error("there is no saga in the stream {stream}")]
    Missing {
        /// Where it was looked for.
        stream: StreamId,
    },
    /// No saga can be called so.
    #[error("no saga can be called so")]
    Name(#[source] StreamIdError),
    /// It was started by a definition that is not known here.
    #[error("the saga {stream} is parked: its definition {fingerprint} is not known here")]
    Parked {
        /// Which saga.
        stream: StreamId,
        /// The definition.
        fingerprint: String,
    },
    /// As it stands that cannot be done.
    #[error(transparent)]
    Refused(OrderError),
    /// It cannot go on by another definition.
    #[error(transparent)]
    Misfit(crate::MisfitError),
    /// It cannot be said what happens next.
    #[error("it cannot be said what happens next to the saga")]
    Next(#[source] NextError),
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] LoadSagaError),
    /// It could not be recorded.
    #[error("what happened could not be recorded")]
    Append(#[from] AppendError),
    /// Others wrote in between, again and again.
    #[error("others wrote to the saga {stream} in between, {attempts} times")]
    Contended {
        /// Which saga.
        stream: StreamId,
        /// How often it was tried.
        attempts: u32,
    },
}

impl From<NextError> for OrderSagaError {
    fn from(error: NextError) -> Self {
        match error {
            NextError::Order(error) => Self::Refused(error),
            NextError::Misfit(error) => Self::Misfit(error),
            error => Self::Next(error),
        }
    }
}

impl OrderSagaError {
    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Name(_) => "saga-not-found",
            Self::Parked { .. } => "saga-parked",
            Self::Refused(error) => error.code(),
            Self::Misfit(error) => error.code(),
            Self::Next(_) => "saga-definition-does-not-fit",
            Self::Load(error) => error.code(),
            Self::Append(error) => error.code(),
            Self::Contended { .. } => "saga-contended",
        }
    }
}

/// Why an event was not heard. It has to be told again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HearError {
    /// It cannot be read, or what it starts cannot begin.
    #[error("the saga {saga:?} cannot read the event")]
    Unreadable {
        /// Which saga.
        saga: String,
        /// What was found.
        #[source]
        source: Defect,
    },
    /// A saga that it starts was not started.
    #[error("a saga was not started")]
    Start(#[from] StartSagaError),
    /// A saga that it is about was not told.
    #[error("a saga was not told")]
    Tell(#[from] OrderSagaError),
}

impl HearError {
    /// Whether telling it again may help without anybody doing anything.
    pub const fn may_be_told_again(&self) -> bool {
        match self {
            Self::Unreadable { .. } => false,
            Self::Start(error) => matches!(error, StartSagaError::Append(_)),
            Self::Tell(error) => {
                matches!(error, OrderSagaError::Append(_) | OrderSagaError::Contended { .. })
            }
        }
    }

    /// The page in docs/errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "saga-event-unreadable",
            Self::Start(error) => error.code(),
            Self::Tell(error) => error.code(),
        }
    }
}
