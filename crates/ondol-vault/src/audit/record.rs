//! A record, and how it is written down.

use std::net::IpAddr;

use aws_lc_rs::digest::{Context, SHA256};
use ondol_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// How many bytes a record may have.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// The bytes before a record's own: its length.
pub(super) const LENGTH_BYTES: usize = 4;
/// The bytes after it: the hash.
pub(super) const HASH_BYTES: usize = 32;
/// What the first hash follows on.
pub(super) const GENESIS: Head = [0; HASH_BYTES];

/// The hash of a chain up to a record.
pub(super) type Head = [u8; HASH_BYTES];

/// Who did what, from where, why, and what came of it. What identifies a person is a name that
/// means nothing outside, or sealed; an address is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// When.
    pub time: Timestamp,
    /// What: `sign-in`, `token`, `role`.
    pub action: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// With which client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// From where, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Failure,
}

/// An address with the part cut off that names one household: enough to see where an attack
/// comes from.
pub fn masked_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

/// The head after a record: the hash of the head before it, its number and what it says.
pub(super) fn follow(head: &Head, number: u64, payload: &[u8]) -> Head {
    let mut context = Context::new(&SHA256);
    context.update(b"ondol audit 1\n");
    context.update(head);
    context.update(&number.to_be_bytes());
    context.update(payload);
    let mut next = GENESIS;
    next.copy_from_slice(context.finish().as_ref());
    next
}

/// A record as it stands in the file.
pub(super) fn write(into: &mut Vec<u8>, payload: &[u8], head: &Head) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    into.extend(length.to_be_bytes());
    into.extend(payload);
    into.extend(head);
}
