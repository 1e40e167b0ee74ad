//! Queries over HTTP: waiting for what one has written, and moments of the past.

use axum::extract::{FromRequestParts, Query};
use http::StatusCode;
use http::request::Parts;
use ondol_domain::View;
use ondol_kernel::{Position, Version};
use ondol_runtime::{AsOf, AskError, ViewReader, error_chain};
use ondol_views::{InvalidQuery, LoadError, QueryError, WaitError};
use serde::Deserialize;

use crate::{After, Problem};

/// Which moment of a thing's life is asked for: `?as_of=7` is its version, `?as_of=position:40`
/// a position of the log, `?as_of=2026-11-20T12:00:00Z` a time; now, if nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOfAsked(pub Option<AsOf>);

#[derive(Deserialize)]
struct Said {
    as_of: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for AsOfAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let said = Query::<Said>::from_request_parts(parts, state).await;
        let as_of = said.map_err(|_unreadable| not_a_moment())?.0.as_of;
        let moment = as_of.map(|text| moment(&text).ok_or_else(not_a_moment)).transpose()?;
        Ok(Self(moment))
    }
}

fn moment(text: &str) -> Option<AsOf> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // An empty text is made of digits only.
    if text.is_empty() || text == "position:" {
        return None;
    }
    if let Some(position) = text.strip_prefix("position:") {
        let number = Some(position).filter(|text| digits(text))?.parse().ok()?;
        return Some(AsOf::Position(Position::new(number)));
    }
    if digits(text) {
        return text.parse().ok().map(|version| AsOf::Version(Version::new(version)));
    }
    text.parse().ok().map(AsOf::Time)
}

fn not_a_moment() -> Problem {
    let title = "A moment is a version, position:N, or a time such as 2026-11-20T12:00:00Z.";
    Problem::new(StatusCode::BAD_REQUEST, "as-of", title)
}

/// Waits until a view shows what the client asks to see at least.
///
/// # Errors
/// With a problem that says so when it did not within the limit, or never will.
pub async fn wait_after<V: View>(
    reader: &ViewReader<V>,
    After(token): After,
) -> Result<(), Problem> {
    let Some(token) = token else { return Ok(()) };
    reader.wait_for(token.0).await.map_err(|error| wait_problem(&error))
}

fn wait_problem(error: &WaitError) -> Problem {
    match error {
        WaitError::NotMet { asked, found, .. } => {
            let title = "The view has not come as far as was asked for; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "view-not-caught-up", title)
                .with("asked_position", asked.get())
                .with("view_position", found.map_or(0, |found| found.position.get()))
                .retry_after(1)
        }
        WaitError::Fault(_) => {
            let title = "The header ondol-after is of a log that is no more.";
            Problem::new(StatusCode::GONE, "consistency-token-foreign", title)
        }
        WaitError::Load(error) => load_failed(error),
        _ => Problem::internal(),
    }
}

/// The problem that a client is told of when documents cannot be read.
pub fn ask_problem(error: &AskError) -> Problem {
    match error {
        AskError::Cursor(_) => Problem::no_such_page(),
        AskError::Query(QueryError::Invalid { source: InvalidQuery::ForeignCursor, .. }) => {
            Problem::no_such_page()
        }
        AskError::Query(QueryError::Load(error)) | AskError::Load(error) => load_failed(error),
        _ => {
            tracing::error!(error = %error_chain(error), "documents cannot be read");
            Problem::internal()
        }
    }
}

fn load_failed(error: &LoadError) -> Problem {
    match error {
        LoadError::UnknownView { .. } => {
            let title = "The view is being folded for the first time; try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "view-not-ready", title).retry_after(1)
        }
        LoadError::Unavailable(_) => {
            tracing::warn!(error = %error_chain(error), "the store of views cannot be used");
            Problem::unavailable()
        }
        _ => {
            tracing::error!(error = %error_chain(error), "documents cannot be read");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests;
