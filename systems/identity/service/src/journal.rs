//! What is written down of every attempt, before it is answered.
//!
//! Whoever refuses knows best why, and writes it down. What was refused and stands nowhere is written
//! down at the door, so that every refusal stands there once.

use std::cell::Cell;
use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Extensions, Method, StatusCode};
use ondol_vault::{AuditRecord, Outcome, masked_address};

use crate::came_from::address_of;
use crate::fault::Fault;
use crate::provider::Provider;

/// What is written down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) actor: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) reason: String,
}

tokio::task_local! {
    /// Whether the refusal of the request that is being answered is dealt with.
    static IS_WRITTEN: Cell<bool>;
}

/// What a refusal says of itself, for the audit log: a sentence of ours, and nothing that was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said(pub(crate) &'static str);

/// Writes down what was refused and stands nowhere yet.
pub(crate) async fn at_the_door(
    State(provider): State<Provider>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (address, asked) = (address_of(&parts), place(&parts.method, &parts.extensions));
    let request = Request::from_parts(parts, body);
    let answering = async {
        let response = next.run(request).await;
        (response, IS_WRITTEN.with(Cell::get))
    };
    let (response, is_written) = IS_WRITTEN.scope(Cell::new(false), answering).await;
    if is_written || !is_refusal(response.status()) {
        return response;
    }
    let said = response.extensions().get::<Said>().map_or("", |said| said.0);
    let reason = format!("{asked}: {} {said}", response.status().as_u16());
    let entry = Entry { action: "request", address, reason, ..Entry::default() };
    match provider.failed(entry).await {
        Ok(()) => response,
        Err(fault) => fault.into_response(),
    }
}

/// What was asked for, by the name of its route: what somebody has typed in its place stays out of a
/// log from which nothing can be taken.
pub(crate) fn place(method: &Method, extensions: &Extensions) -> String {
    let route = extensions.get::<MatchedPath>().map_or("nothing", MatchedPath::as_str);
    format!("{method} {route}")
}

fn is_refusal(status: StatusCode) -> bool {
    let refusals = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    refusals.contains(&status)
}

/// What is refused now is no attempt: a device that waits asks again and again.
pub(crate) fn is_no_attempt() {
    // Outside a request there is no door.
    IS_WRITTEN.try_with(|is_written| is_written.set(true)).ok();
}

impl Provider {
    pub(crate) async fn succeeded(&self, entry: Entry) -> Result<(), Fault> {
        self.write_down(entry, Outcome::Success).await
    }

    pub(crate) async fn failed(&self, entry: Entry) -> Result<(), Fault> {
        self.write_down(entry, Outcome::Failure).await
    }

    async fn write_down(&self, entry: Entry, outcome: Outcome) -> Result<(), Fault> {
        let record = AuditRecord {
            time: self.clock().now(),
            action: entry.action.to_owned(),
            outcome,
            actor: entry.actor,
            client: entry.client,
            address: entry.address.map(masked_address),
            reason: Some(entry.reason).filter(|reason| !reason.is_empty()),
        };
        self.audit().write(&record).await?;
        if outcome == Outcome::Failure {
            IS_WRITTEN.try_with(|is_written| is_written.set(true)).ok();
        }
        Ok(())
    }
}
