//! What the admin port answers about traces.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use http::StatusCode;
use ondol_http::{Json, Problem};

use super::{Summary, TraceQuestion, Traces, Tree};

/// `/traces`, and `/traces/{trace_id}` as a tree.
pub fn router(traces: &Traces) -> Router {
    Router::new()
        .route("/traces", get(list))
        .route("/traces/{trace_id}", get(one))
        .with_state(traces.clone())
}

async fn list(
    State(traces): State<Traces>,
    question: Result<Query<TraceQuestion>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<Summary>>, Problem> {
    let Query(question) = question.map_err(|rejection| {
        let title = "What stands after the question mark is not what is asked for here.";
        Problem::new(StatusCode::BAD_REQUEST, "query", title).detail(&rejection.body_text())
    })?;
    Ok(Json(traces.list(&question)))
}

async fn one(
    State(traces): State<Traces>,
    Path(trace_id): Path<String>,
) -> Result<Json<Tree>, Problem> {
    let trace = u128::from_str_radix(&trace_id, 16).ok().filter(|_| trace_id.len() == 32);
    trace.and_then(|trace| traces.tree(trace)).map(Json).ok_or_else(|| {
        let title = "Nothing is kept of a trace of this id.";
        Problem::new(StatusCode::NOT_FOUND, "trace-not-kept", title)
    })
}
