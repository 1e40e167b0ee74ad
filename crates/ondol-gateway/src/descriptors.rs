//! How many files this process may have open, which bounds the connections it can hold.
//!
//! A client's connection may want another one to a backend. So that whoever is in can be served, clients
//! get a part of the descriptors and never all.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For listeners, logs, files, health checks.
const RESERVED: u64 = 64;
/// One for the client, one for a backend.
const EACH: u64 = 2;

/// Asks for all the descriptors that this process may have.
///
/// # Errors
/// The system refuses what it has promised.
pub fn raise_descriptors() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_err(Into::into)
}

/// How many clients each of these workers can hold at most.
pub(crate) fn clients_max(workers: usize) -> usize {
    let Some(descriptors) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    let clients = descriptors.saturating_sub(RESERVED) / EACH;
    let each = usize::try_from(clients).unwrap_or(usize::MAX) / workers.max(1);
    each.max(1)
}
