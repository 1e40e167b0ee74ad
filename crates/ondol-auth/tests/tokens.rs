//! Attacks on tokens as a table: each row is a token that must not be believed, beside one that is.

#[path = "tokens/attempts.rs"]
mod attempts;
#[path = "tokens/callers.rs"]
mod callers;
#[path = "tokens/forge.rs"]
mod forge;
#[path = "tokens/further.rs"]
mod further;
#[path = "tokens/proofs.rs"]
mod proofs;
#[path = "tokens/rotation.rs"]
mod rotation;
#[path = "tokens/service.rs"]
mod service;
#[path = "tokens/sets.rs"]
mod sets;
#[path = "tokens/source.rs"]
mod source;
#[path = "tokens/table.rs"]
mod table;
