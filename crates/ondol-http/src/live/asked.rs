//! From which event on somebody wants to hear.

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use ondol_kernel::Version;
use ondol_store::LogEpoch;
use serde::Deserialize;

use crate::{Problem, Query};

/// After which event somebody wants to hear: the id of one, or its number; from the first one on,
/// if nothing is said. One that has not happened yet is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveAsked {
    epoch: Option<LogEpoch>,
    after: Version,
}

#[derive(Deserialize)]
struct Said {
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for LiveAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(last) = parts.headers.get("last-event-id") {
            return last.to_str().ok().and_then(parse).ok_or_else(not_an_event);
        }
        let said = Query::<Said>::from_request_parts(parts, state).await;
        let Query(Said { after }) = said.map_err(|_unreadable| not_an_event())?;
        after.map_or(Ok(Self { epoch: None, after: Version::EMPTY }), |text| {
            parse(&text).ok_or_else(not_an_event)
        })
    }
}

impl LiveAsked {
    /// After which event, of this life of the log.
    pub(super) fn after(self, epoch: LogEpoch) -> Result<Version, Problem> {
        if self.epoch.is_some_and(|asked| asked != epoch) {
            let title = "The last event that was heard is of a log that is no more.";
            return Err(Problem::new(StatusCode::GONE, "events-gone", title));
        }
        Ok(self.after)
    }
}

fn parse(text: &str) -> Option<LiveAsked> {
    let (epoch, number) = match text.split_once('.') {
        None => (None, text),
        Some((epoch, number)) if epoch.len() == 32 => {
            (Some(LogEpoch::from_u128(u128::from_str_radix(epoch, 16).ok()?)), number)
        }
        Some(_) => return None,
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let after = Version::new(is_number.then(|| number.parse().ok())??);
    Some(LiveAsked { epoch, after })
}

fn not_an_event() -> Problem {
    let title = "What was heard last is said by the id of an event, or by its number.";
    Problem::new(StatusCode::BAD_REQUEST, "last-event-id", title)
}
