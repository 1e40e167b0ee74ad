//! Attacks on what is sealed and on what was recorded, as a table.

#[path = "secrets/audit.rs"]
mod audit;
#[path = "secrets/files.rs"]
mod files;
#[path = "secrets/master.rs"]
mod master;
#[path = "secrets/vault.rs"]
mod vault;
