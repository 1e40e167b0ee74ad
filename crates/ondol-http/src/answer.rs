//! What a client is told when a desk has no answer.

use http::StatusCode;
use ondol_runtime::{HandleError, LoadError, error_chain};
use ondol_store::AppendError;

use crate::Problem;

/// The problem that a client is told of. What is wrong on our side is logged here, once.
pub fn handle_problem(error: &HandleError) -> Problem {
    match error {
        HandleError::Key(_) => Problem::nothing_by_that_name(),
        HandleError::MovedOn { found, .. } => {
            let title = "It has changed since you have seen it.";
            Problem::new(StatusCode::PRECONDITION_FAILED, "version-mismatch", title)
                .with("current_version", found.get())
        }
        HandleError::Held { .. } => {
            let title = "Something else is being done with it; try again.";
            Problem::new(StatusCode::CONFLICT, "held", title).retry_after(1)
        }
        HandleError::ConditionBroken { .. } => {
            let title = "Somebody else has been first.";
            Problem::new(StatusCode::CONFLICT, "condition-broken", title)
        }
        HandleError::IdTaken { .. } => {
            let title = "This key has been used for another request.";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", title)
        }
        HandleError::Contended { .. } => {
            let title = "Many are changing this at once; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "contended", title).retry_after(1)
        }
        HandleError::Append(AppendError::Busy { .. }) => {
            let title = "More is waiting than can be held ready for; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title).retry_after(1)
        }
        HandleError::Load(error) => load_problem(error),
        HandleError::Append(AppendError::Invalid(_)) | HandleError::Encode(_) => ours(error),
        HandleError::Append(_) => passing(error),
        _ => ours(error),
    }
}

/// The problem that a client is told of when a thing cannot be looked at.
pub fn load_problem(error: &LoadError) -> Problem {
    match error {
        LoadError::Key(_) => Problem::nothing_by_that_name(),
        LoadError::Read(_) => passing(error),
        _ => ours(error),
    }
}

fn passing(error: &dyn std::error::Error) -> Problem {
    tracing::warn!(error = %error_chain(error), "the log cannot be used at the moment");
    Problem::unavailable()
}

fn ours(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error_chain(error), "a request found something wrong on our side");
    Problem::internal()
}
