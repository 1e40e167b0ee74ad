//! Instances that are learnt while the gateway runs.
//!
//! From a file, from the domain name system, or from the instances themselves. A source that is down,
//! or a name that has no addresses any more, changes nothing: what was known last goes on being used,
//! and whether it works is for health checks and outliers to say. What is known is kept in a file, so
//! that it is there again after a restart with the sources still down.

mod directory;
mod dns;
mod file;
mod lease;
mod source;

pub(crate) use directory::{Directory, Instance};
pub(crate) use lease::{LeaseError, Leases, Registration};
pub(crate) use source::discover;

/// Instances of a backend.
pub(crate) const INSTANCES_MAX: usize = ondol_resilience::ENDPOINTS_MAX;
