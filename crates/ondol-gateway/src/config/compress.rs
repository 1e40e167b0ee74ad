//! The table of a route whose answers are compressed.

use serde::{Deserialize, Serialize};

/// Answers that are compressed for clients that understand gzip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompressOptions {
    /// Answers shorter than this many bytes pass as they are.
    pub bytes_min: u64,
    /// Media types; `text/*` means all that begin so. Events are never compressed.
    pub types: Vec<String>,
    /// From 1, the fastest, to 9, the smallest.
    pub level: u32,
}

impl Default for CompressOptions {
    fn default() -> Self {
        let types = [
            "text/*",
            "application/json",
            "application/problem+json",
            "application/javascript",
            "application/xml",
            "application/wasm",
            "image/svg+xml",
        ];
        Self { bytes_min: 1024, types: types.map(str::to_owned).to_vec(), level: 5 }
    }
}
