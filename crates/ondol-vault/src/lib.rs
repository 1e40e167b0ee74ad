//! What is known of people, sealed; and what was done, in a chain.
//!
//! **The vault.** Every person has a data key of his own, wrapped by a master key that stands in a
//! file apart. A field of an event or a view is sealed with it ([`Sealed`], AES-256-GCM-SIV) and
//! bound to whose it is and which field it is, so that no ciphertext can be put in another's
//! place. To forget a person is to destroy one key: the log is not touched, replays go on, and the
//! field reads [`Opened::Forgotten`]. That somebody was forgotten stands in a ledger of its own,
//! which is applied before the vault opens: a backup that brings a key back brings nothing back.
//! What has to be looked up while it is sealed is found by [`Vault::blind`].
//!
//! **The audit log.** Records in a chain of hashes over what is written, so sealed fields stay
//! sealed and an erasure breaks nothing. Who can rewrite the whole chain, or cut its tail, is
//! caught by anchors: lengths and heads that are kept elsewhere.
//!
//! **Secrets in files** ([`read_secret`]) are refused when others can read them.
//!
//! Limits: the keys of one vault are one machine's; a blind index is a keyed hash, and it stays in
//! the log after a person is forgotten.

mod audit;
mod cipher;
mod files;
mod ledger;
mod master;
mod people;
mod secret_file;
mod signature;
mod vault;

pub use audit::{
    Anchor, AuditError, AuditLog, AuditOptions, AuditRecord, Fault, Outcome, PAYLOAD_BYTES_MAX,
    Verified, VerifyAuditError, masked_address, verify_audit,
};
pub use ledger::{Fate, Ledger};
pub use master::{MasterKeyError, MasterKeys};
pub use ondol_domain::Sealed;
pub use secret_file::{SECRET_BYTES_MAX, SecretFileError, read_or_make_secret, read_secret};
pub use signature::{SIGNATURE, signature};
pub use vault::{OpenError, Opened, SealError, Vault, VaultError, VaultOptions};
