//! What a client is told when a saga cannot be begun, or looked at; and what operators order.

mod admin;

use ondol_http::Problem;
use ondol_runtime::error_chain;
use ondol_saga::{LoadSagaError, StartSagaError};
use ondol_store::AppendError;

pub(crate) use admin::{OrderBody, What, router, stream_of};

/// The problem that a client is told of when a saga was not begun.
pub fn start_problem(error: &StartSagaError) -> Problem {
    match error {
        StartSagaError::Identity(_) => Problem::nothing_by_that_name(),
        StartSagaError::Append(AppendError::Invalid(_)) => ours(error),
        StartSagaError::Append(error) => passing(error),
        _ => ours(error),
    }
}

/// The problem that a client is told of when a saga cannot be looked at.
pub fn saga_problem(error: &LoadSagaError) -> Problem {
    match error {
        LoadSagaError::Read(error) => passing(error),
        _ => ours(error),
    }
}

fn passing(error: &dyn std::error::Error) -> Problem {
    tracing::warn!(error = %error_chain(error), "the log cannot be used at the moment");
    Problem::unavailable()
}

fn ours(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error_chain(error), "a request found something wrong with a saga");
    Problem::internal()
}
