//! Failures as problems with codes, and back: whether to ask again must survive the way.

use http::StatusCode;
use ondol_bus::{CallFailure, FeedError};
use ondol_domain::{CommandError, Holder};
use ondol_kernel::Position;
use ondol_store::{BoxError, LogEpoch};
use serde::{Deserialize, Serialize};

/// What went wrong, for programs and people.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ahead: Option<Box<Ahead>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_by: Option<Box<Holder>>,
}

/// Where a reader stands that has seen more than there is.
#[derive(Debug, Serialize, Deserialize)]
struct Ahead {
    asked: Position,
    head: Position,
    epoch: LogEpoch,
}

/// What the other side has said.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
struct Said {
    code: String,
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: &dyn ToString) -> Self {
        let (status, code, detail) = (status.as_u16(), code.to_owned(), detail.to_string());
        Self { status, code, detail, ahead: None, command: None, held_by: None }
    }

    fn said(self) -> BoxError {
        Said { code: self.code, detail: self.detail }.into()
    }
}

/// Why a call got no answer, as it is sent.
pub(crate) fn call_problem(failure: &CallFailure) -> Problem {
    let status = match failure {
        CallFailure::Busy { .. } | CallFailure::Unreachable { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        CallFailure::Held { .. } => StatusCode::CONFLICT,
        CallFailure::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        CallFailure::NoSuchService { .. } => StatusCode::NOT_FOUND,
        CallFailure::Command { .. } => StatusCode::BAD_REQUEST,
        CallFailure::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        CallFailure::Forbidden { .. } => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut problem = Problem::new(status, failure.code(), &chain(failure));
    if let CallFailure::Command { source: CommandError::Unknown { command }, .. } = failure {
        problem.command = Some(command.clone());
    }
    if let CallFailure::Held { by, .. } = failure {
        problem.held_by = Some(Box::new(by.clone()));
    }
    problem
}

/// Why a call got no answer, as it was sent. What is not known may pass.
pub(crate) fn call_failure(service: &str, problem: Problem) -> CallFailure {
    let service = service.to_owned();
    if let Some(by) = problem.held_by {
        return CallFailure::Held { service, by: *by };
    }
    match problem.code.as_str() {
        "call-busy" => CallFailure::Busy { service, again_after: None },
        "call-no-such-service" => CallFailure::NoSuchService { service },
        "call-forbidden" => CallFailure::Forbidden { service },
        "call-broken" => CallFailure::Broken { service, source: problem.said() },
        "call-invalid" => CallFailure::Invalid { service, source: problem.said() },
        "call-unreadable" => {
            let source = match problem.command {
                Some(command) => CommandError::Unknown { command },
                None => CommandError::Unreadable {
                    command: service.clone(),
                    source: <serde_json::Error as serde::de::Error>::custom(problem.detail),
                },
            };
            CallFailure::Command { service, source }
        }
        _ => CallFailure::Unreachable { service, source: problem.said() },
    }
}

/// Why a feed cannot be read, as it is sent.
pub(crate) fn feed_problem(error: &FeedError) -> Problem {
    let status = match error {
        FeedError::AheadOfLog { .. } => StatusCode::CONFLICT,
        FeedError::Forbidden { .. } => StatusCode::FORBIDDEN,
        FeedError::NoSuchFeed { .. } => StatusCode::NOT_FOUND,
        FeedError::Unreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut problem = Problem::new(status, error.code(), &chain(error));
    if let FeedError::AheadOfLog { asked, head, epoch } = error {
        problem.ahead = Some(Box::new(Ahead { asked: *asked, head: *head, epoch: *epoch }));
    }
    problem
}

/// Why a feed cannot be read, as it was sent. What is not known may pass.
pub(crate) fn feed_error(service: &str, problem: Problem) -> FeedError {
    let service = service.to_owned();
    match (problem.code.as_str(), problem.ahead.as_deref()) {
        ("feed-reader-ahead", Some(Ahead { asked, head, epoch })) => {
            FeedError::AheadOfLog { asked: *asked, head: *head, epoch: *epoch }
        }
        ("feed-forbidden", _) => FeedError::Forbidden { service },
        ("feed-not-found", _) => FeedError::NoSuchFeed { service },
        _ => FeedError::Unreachable { service, source: problem.said() },
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
