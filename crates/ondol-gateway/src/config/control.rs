//! The table that says who may look at the gateway and change it while it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Who may look at the gateway and change it, over the admin port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlOptions {
    /// Where each change, and each try that was refused, is written down: a line of JSON each.
    pub audit: PathBuf,
    /// Bytes of that file. A full one is put aside (`….1`), and the one put aside before is gone.
    /// 64 MiB, if not given.
    #[serde(default = "audit_bytes")]
    pub audit_bytes_max: u64,
    /// Earlier configurations that are kept.
    #[serde(default = "twenty")]
    pub versions_max: usize,
    /// Lets an admin port be reached from other machines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond_loopback: bool,
    /// Those who may, by their names: the audit log has these.
    pub tokens: BTreeMap<String, TokenOptions>,
}

/// Somebody who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenOptions {
    /// A file with the token, of 16 bytes or more.
    pub file: PathBuf,
    /// May look, and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

const fn audit_bytes() -> u64 {
    64 * 1024 * 1024
}

const fn twenty() -> usize {
    20
}
