//! Why something is not shown, or not done.

use http::StatusCode;
use serde_json::{Value, json};

use crate::config::Findings;
use crate::steer::SteerError;

/// Why something is not shown, or not done. Whoever asks may know all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlProblem {
    #[error("there is no `Authorization: Bearer …` with a token that is known")]
    Unauthorised,
    #[error("this token is for looking only")]
    ReadOnly,
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    Unknown(String),
    #[error("whoever changes something says why: `reason`, of 3 to 500 letters")]
    NoReason,
    #[error("say with `If-Match` which configuration is changed; now it is {0}")]
    NoPrecondition(String),
    #[error("the configuration is another one by now: {0}")]
    Precondition(String),
    #[error("the configuration is wrong")]
    Wrong(Findings),
    #[error("{0}")]
    Refused(String),
    #[error("the audit log cannot be written: {0}")]
    Audit(String),
    #[error("the configuration's file cannot be written: {0}")]
    File(String),
}

impl ControlProblem {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorised => "gateway-control-unauthorised",
            Self::ReadOnly => "gateway-control-read-only",
            Self::Malformed(_) => "gateway-control-malformed",
            Self::Unknown(_) => "gateway-control-unknown",
            Self::NoReason => "gateway-control-reason",
            Self::NoPrecondition(_) => "gateway-control-no-precondition",
            Self::Precondition(_) => "gateway-control-precondition",
            Self::Wrong(_) => "gateway-control-configuration",
            Self::Refused(_) => "gateway-control-refused",
            Self::Audit(_) => "gateway-control-audit",
            Self::File(_) => "gateway-control-file",
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::NoReason | Self::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoPrecondition(_) => StatusCode::PRECONDITION_REQUIRED,
            Self::Precondition(_) => StatusCode::PRECONDITION_FAILED,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Audit(_) | Self::File(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In one sentence.
    pub(crate) const fn title(&self) -> &'static str {
        match self {
            Self::Unauthorised => "Whoever looks here shows a token.",
            Self::ReadOnly => "This token may not change anything.",
            Self::Malformed(_) => "What is asked for cannot be understood.",
            Self::Unknown(_) => "There is nothing of this name.",
            Self::NoReason => "A change needs a reason.",
            Self::NoPrecondition(_) => {
                "A change of the configuration names the one that it changes."
            }
            Self::Precondition(_) => "Somebody else has changed the configuration.",
            Self::Wrong(_) => "The configuration is wrong; the old one stays.",
            Self::Refused(_) => "This cannot be done now.",
            Self::Audit(_) => "What cannot be written down is not done.",
            Self::File(_) => "What cannot be kept is not done.",
        }
    }

    /// What else is to be said about it.
    pub(crate) fn more(&self) -> Option<(&'static str, Value)> {
        let Self::Wrong(findings) = self else { return None };
        let told = findings.0.iter().map(|finding| {
            json!({
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
            })
        });
        Some(("findings", told.collect()))
    }
}

impl From<SteerError> for ControlProblem {
    fn from(error: SteerError) -> Self {
        let told = error.to_string();
        match error {
            SteerError::NoSuchRoute { .. }
            | SteerError::NoSuchBackend { .. }
            | SteerError::NoSuchEndpoint(_)
            | SteerError::Nothing { .. } => Self::Unknown(told),
            SteerError::NoSuchStep { .. } => Self::Malformed(told),
            SteerError::Last
            | SteerError::Backend(_)
            | SteerError::Over(_)
            | SteerError::Already => Self::Refused(told),
        }
    }
}
