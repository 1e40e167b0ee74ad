//! A part of a long list, and where the next part begins.

use axum::extract::{FromRequestParts, Query};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// How many items a page has when nobody says.
pub const PAGE_ITEMS_USUAL: usize = 50;
/// How many items a page has at most.
pub const PAGE_ITEMS_MAX: usize = 200;

/// Which part of a list is asked for: `?limit=50&after=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsked {
    /// How many items at most.
    pub limit: usize,
    /// Where the part before has ended.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for after these; nothing, when these are the last.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<String>,
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = || {
            let title = "A page has 1 to 200 items.";
            Problem::new(StatusCode::BAD_REQUEST, "page", title)
        };
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let Query(asked) = asked.map_err(|_unreadable| refused())?;
        let limit = asked.limit.map_or(Ok(PAGE_ITEMS_USUAL), |limit| limit.parse());
        match limit {
            Ok(limit @ 1..=PAGE_ITEMS_MAX) => Ok(Self { limit, after: asked.after }),
            _ => Err(refused()),
        }
    }
}
