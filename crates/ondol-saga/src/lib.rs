//! Runs sagas: transactions across services that always end.
//!
//! A saga is [data](ondol_domain::Saga), and so is its running: one saga is a stream of its own
//! events ([`Fact`]), what they add up to is an [`Instance`], and what happens next is a pure
//! function of the two and of what has come in ([`next`]).

mod definition;
mod engine;
mod entry;
mod fact;
mod instance;
mod known;
mod machine;
mod names;
mod proof;
mod replay;
mod service;
mod timeline;

pub use definition::{Asks, At, Defect, Defined, Definition, Hearing};
pub use engine::{
    Active, Definitions, HearError, LoadSagaError, MetricsSnapshot, OpenSagasError, OrderSagaError,
    STEP_MICROS, SagaEngine, SagaGround, SagaMetrics, SagaOptions, SagaOptionsProblem, Sagas,
    StartSagaError, StartedSaga, prometheus,
};
pub use entry::{KEPT_FOR, LEFT_ALONE, SagaEntry, SagaState};
pub use fact::{Fact, Kept, Question, Timer};
pub use instance::{Instance, Pending, Phase, Standing, StepRecord, Stuck, Work, WorkKind};
pub use known::{Known, Knows};
pub use machine::{
    Beginning, Failure, Input, KEPT_MAX, MisfitError, NextError, Order, OrderError, Transition,
    baffled, begin, fits, migrate, next, who_gives_way,
};
pub use names::{About, SAGA_KIND, command_of, saga_stream};
pub use proof::{Books, CounterExample, ProofReport, SagaProof};
pub use replay::{FOUND_MAX, Replay, ReplayFinding, ReplayReport};
pub use service::{RunsSagas, SagaPart};
pub use timeline::{TimelineEntry, told};
