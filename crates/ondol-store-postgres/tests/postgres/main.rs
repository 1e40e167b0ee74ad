//! The store against real servers: the suite, lost commits, killed servers, poolers, restores.

mod commits;
mod conformance;
mod deaths;
mod given;
mod opening;
mod pooler;
mod restores;
mod tls;
mod traps;
