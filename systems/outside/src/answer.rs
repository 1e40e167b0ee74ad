//! What a provider is asked and what it answers: values, so that providers are pure functions.

use http::{Method, StatusCode};
use ondol_kernel::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::records::Record;

/// What a provider is asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    /// Its own path, by parts: `["payments", "p1", "capture"]`.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(String, String)],
    pub(crate) body: &'a Value,
    /// Whether chance has it refused.
    pub(crate) is_refused: bool,
    pub(crate) now: Timestamp,
    /// An id for what is new.
    pub(crate) id: &'a str,
    /// Milliseconds until a shipment is delivered.
    pub(crate) transit_ms: u64,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Body,
    /// What stands in its books from now on; boxed, so that an answer is small enough for an error.
    pub(crate) record: Option<Box<Record>>,
    /// What whoever listens is told.
    pub(crate) news: Option<News>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    File { kind: &'static str, text: String },
}

/// What whoever listens is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    pub(crate) kind: &'static str,
    pub(crate) about: Value,
}

impl Asked<'_> {
    /// What the query says under a name.
    pub(crate) fn says(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as what it should be.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        serde_json::from_value(self.body.clone()).map_err(|error| {
            Answer::error(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string())
        })
    }
}

impl Answer {
    pub(crate) const fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body: Body::Json(body), record: None, news: None }
    }

    /// A no, in the words of other companies.
    pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Self {
        Self::json(status, json!({ "error": { "code": code, "message": message } }))
    }

    pub(crate) fn nothing_there() -> Self {
        Self::error(StatusCode::NOT_FOUND, "not_found", "there is nothing by that name")
    }

    /// The same, with a record that stands from now on, which whoever listens is told of.
    pub(crate) fn and_record(mut self, record: Record, told_as: &'static str) -> Self {
        self.news = Some(News { kind: told_as, about: record.value.clone() });
        self.record = Some(Box::new(record));
        self
    }
}
