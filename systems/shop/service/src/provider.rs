//! Somebody outside, asked through a breaker.
//!
//! What comes back is an answer — yes or no — or none. Only no answer is a failure: a card that is
//! declined says nothing about the provider's health. A key that is still in use, too many requests
//! and a broken answer are no answers either: whoever asks again later, under the same key, gets one.

use std::time::Duration;

use http::StatusCode;
use ondol_resilience::{
    Breaker, BreakerOptions, Doors, Error, HalfOpenOptions, OpenOptions, Problems,
};
use ondol_runtime::error_chain;
use serde_json::Value;

use crate::options::BreakerTimes;
use crate::remote::{Remote, RemoteError};

/// Somebody outside. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    remote: Remote,
    url: String,
    breaker: Breaker,
    answer_within: Duration,
}

/// What somebody outside has said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// Yes, and this.
    Yes(Value),
    /// No, for this reason.
    No(String),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoAnswer(pub(crate) String);

impl Provider {
    /// Somebody at an address, who is asked no more for a while after so many failures in a row.
    pub(crate) fn new(name: &str, url: &str, times: BreakerTimes) -> Result<Self, Problems> {
        let options = BreakerOptions {
            failures_in_a_row: Some(times.failures),
            failure_rate: None,
            open: OpenOptions {
                lasts: times.open(),
                lasts_max: times.open(),
                growth: 1.0,
                jitter: 0.0,
                ..OpenOptions::default()
            },
            half_open: HalfOpenOptions {
                probes_max: 1,
                successes: 1,
                wait_max: times.answer().saturating_mul(2),
            },
            recovery: Vec::new(),
            ..BreakerOptions::default()
        };
        let breaker = Breaker::with(name, options, &Doors::default())?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { remote: Remote::new(), url, breaker, answer_within: times.answer() })
    }

    /// Asks for something, once under this key however often it is asked.
    pub(crate) async fn ask(&self, path: &str, key: &str, body: Value) -> Result<Said, NoAnswer> {
        let url = format!("{}{path}", self.url);
        self.guarded(async || self.remote.post(&url, key, &body).await).await
    }

    /// Asks what there is.
    pub(crate) async fn look(&self, path: &str) -> Result<Said, NoAnswer> {
        let url = format!("{}{path}", self.url);
        self.guarded(async || self.remote.get(&url).await).await
    }

    async fn guarded(
        &self,
        ask: impl AsyncFnOnce() -> Result<(StatusCode, bytes::Bytes), RemoteError>,
    ) -> Result<Said, NoAnswer> {
        let asked = self.breaker.call(async || {
            let answered = tokio::time::timeout(self.answer_within, ask()).await;
            let answered =
                answered.map_err(|_elapsed| NoAnswer("it does not answer".to_owned()))?;
            let (status, body) = answered.map_err(|error| NoAnswer(error_chain(&error)))?;
            said(status, &body)
        });
        asked.await.map_err(|error| match error {
            Error::Rejected(rejected) => NoAnswer(rejected.to_string()),
            Error::Inner(no_answer) => no_answer,
        })
    }
}

fn said(status: StatusCode, body: &[u8]) -> Result<Said, NoAnswer> {
    let no_answer = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT];
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body["error"]["code"].as_str().unwrap_or("unknown").to_owned();
    if status.is_success() {
        return Ok(Said::Yes(body));
    }
    if status.is_server_error() || no_answer.contains(&status) || code == "idempotency_key_in_use" {
        return Err(NoAnswer(format!("it answers {status}")));
    }
    Ok(Said::No(code))
}
