//! An answer to a request.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::drive::fail;

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Reply {
    /// How it went.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What it says.
    pub body: Bytes,
}

impl Reply {
    /// The value of a header; an empty text, when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// What it says, as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        let read = serde_json::from_slice(&self.body);
        read.unwrap_or_else(|error| fail(&format!("the answer is no JSON: {error}: {self:?}")))
    }

    /// The same answer, which is to have this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "that it has the status may be all")]
    pub fn expect(self, status: u16) -> Self {
        if self.status.as_u16() != status {
            let said = String::from_utf8_lossy(&self.body);
            fail(&format!("expected {status}, found {}: {said}", self.status));
        }
        self
    }
}
