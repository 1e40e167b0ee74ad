//! What the program does besides running: `audit verify`, `vault rotate`.

use std::sync::Arc;

use ondol::{OwnCommand, OwnFailure, Settings};
use ondol_doors::{Clock, SystemClock, SystemRng};
use ondol_vault::{AuditLog, AuditOptions, AuditRecord, Outcome, Vault, Verified, verify_audit};
use serde_json::{Map, Value};

use crate::options::Options;

/// Verifies the audit log: it may be written meanwhile.
pub(crate) const AUDIT_VERIFY: OwnCommand = OwnCommand {
    noun: "audit",
    verb: "verify",
    about: "Follows the audit log from its first record and holds it against its anchors",
    run: verify,
};

/// Replaces the master key: the provider must not be running.
pub(crate) const VAULT_ROTATE: OwnCommand = OwnCommand {
    noun: "vault",
    verb: "rotate",
    about: "Makes a new master key and wraps every person's key anew; the provider must not be running",
    run: rotate,
};

fn verify(settings: &Settings) -> Result<Map<String, Value>, OwnFailure> {
    let options = read(settings)?;
    let verified = verify_audit(&options.audit, &options.anchors)
        .map_err(|error| OwnFailure { code: error.code(), error: error.into() })?;
    let Verified { records, head, bytes, anchors, torn_bytes } = verified;
    let head: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
    let found = [
        ("records", records.into()),
        ("bytes", bytes.into()),
        ("anchors", anchors.into()),
        ("torn_bytes", torn_bytes.into()),
        ("head", head.into()),
    ];
    Ok(found.into_iter().map(|(name, value): (_, Value)| (name.to_owned(), value)).collect())
}

fn read(settings: &Settings) -> Result<Options, OwnFailure> {
    let read = Options::read(settings);
    read.map_err(|error| OwnFailure { code: "config-invalid", error: error.into() })
}

/// Whoever writes the audit log is the only one who uses the vault: the log is held while the key
/// is replaced, and says afterwards that it was.
fn rotate(settings: &Settings) -> Result<Map<String, Value>, OwnFailure> {
    let options = read(settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let audit = AuditOptions::new(&options.audit, &options.anchors);
    let audit = AuditLog::open(&audit, Arc::clone(&clock))
        .map_err(|error| OwnFailure { code: error.code(), error: error.into() })?;
    let failed =
        |error: ondol_vault::VaultError| OwnFailure { code: error.code(), error: error.into() };
    let vault = Vault::open(&options.vault(), Arc::new(SystemRng)).map_err(failed)?;
    let generation = vault.rotate_master().map_err(failed)?;
    let record = AuditRecord {
        time: clock.now(),
        action: "master-key".to_owned(),
        outcome: Outcome::Success,
        actor: None,
        client: None,
        address: None,
        reason: Some(format!("generation {generation}")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime =
        runtime.map_err(|error| OwnFailure { code: "app-process", error: error.into() })?;
    let number = runtime
        .block_on(audit.write(&record))
        .map_err(|error| OwnFailure { code: error.code(), error: error.into() })?;
    let found = [("generation", Value::from(generation)), ("audit_record", number.into())];
    Ok(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
