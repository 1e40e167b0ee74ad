//! The outside world: a payment provider, a carrier, a CDN, a recommendation engine, an insurer.
//!
//! They are other companies, seen from the house: small HTTP programs with manners of their own,
//! whose latency, errors, lost answers, refusals, silence and outages are set while they run, so
//! that every failure the house has to survive can be caused by hand or by a test. What they
//! promise, they keep as real providers do: a key that is sent again gets the same answer, for
//! another body it is refused, and while the first request runs it is in conflict. Webhooks are
//! signed, come at least once and in no order.
//!
//! Their memory is bounded: of each provider the last [`RECORDS_MAX`] records and the last
//! [`KEYS_MAX`] keys, for a day. With a folder they survive being killed; a power cut may cost
//! them the last moment, for they do not sync: nobody's money is real here.

mod answer;
mod behaviour;
mod commands;
mod journal;
mod keys;
mod providers;
mod records;
mod remote;
mod routes;
mod webhook;
mod world;

pub use behaviour::{Behaviour, BehaviourError, Change, LATENCY_MS_MAX};
pub use commands::Command;
pub use journal::JournalError;
pub use keys::{KEY_LASTS, KEYS_MAX};
pub use providers::Provider;
pub use records::RECORDS_MAX;
pub use routes::router;
pub use webhook::{Hook, HookError, SIGNATURE, signature};
pub use world::{Counts, World};
