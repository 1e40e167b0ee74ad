//! What went wrong on our side, or is too much at the moment.

use axum::response::{IntoResponse, Response};
use ondol_http::Problem;
use ondol_runtime::{AskError, HandleError, LoadError, error_chain};
use ondol_vault::{AuditError, OpenError, SealError, VaultError};

/// What went wrong on our side, or is too much at the moment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("a command could not be handled")]
    Handle(#[from] HandleError),
    #[error("a thing could not be looked at")]
    Load(#[from] LoadError),
    #[error("a view could not be read")]
    Ask(#[from] AskError),
    #[error("a value could not be sealed")]
    Seal(#[from] SealError),
    #[error("a value could not be opened")]
    Open(#[from] OpenError),
    #[error("the vault could not be used")]
    Vault(#[from] VaultError),
    #[error("it could not be written down")]
    Audit(#[from] AuditError),
    #[error("a token could not be signed")]
    Sign(#[from] ondol_auth::SigningError),
    #[error("an e-mail could not be written")]
    Outbox(#[source] std::io::Error),
    #[error("{0} is not what it has to be")]
    Data(&'static str),
    #[error("more is waiting than can be held ready for")]
    Busy,
    #[error("somebody is wrong too often")]
    TooOften(u64),
}

impl Fault {
    /// The problem that a client is told of; what is ours is logged here, once.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Handle(error) => ondol_http::handle_problem(error),
            Self::Load(error) => ondol_http::load_problem(error),
            Self::Ask(error) => ondol_http::ask_problem(error),
            Self::Busy | Self::Audit(_) => {
                tracing::warn!(error = %error_chain(self), "a request was turned away");
                Problem::unavailable()
            }
            Self::TooOften(seconds) => {
                let title = "This was wrong too often; wait before you try again.";
                let status = http::StatusCode::TOO_MANY_REQUESTS;
                Problem::new(status, "identity-too-often", title).retry_after(*seconds)
            }
            _ => {
                tracing::error!(error = %error_chain(self), "something is wrong on our side");
                Problem::internal()
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        self.problem().into_response()
    }
}
