//! Parts of an address, whose absence or form is answered with a problem.

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Parts of the path. What cannot be the name of anything names nothing.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// What stands after the question mark.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|found| Self(found.0)).map_err(|_no_name| Problem::nothing_by_that_name())
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        found.map(|found| Self(found.0)).map_err(|rejection| {
            let title = "What stands after the question mark is not what is asked for here.";
            Problem::new(StatusCode::BAD_REQUEST, "query", title).detail(&rejection.body_text())
        })
    }
}
