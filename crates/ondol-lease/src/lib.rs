//! Leases: which one of several processes does what only one may do.
//!
//! A lease is held for a term and renewed before it ends. Whoever takes it from another raises
//! its epoch, and every write that the lease protects names the epoch it was made under: one who
//! was paused and does not know that it was overtaken is refused by its epoch, not by a clock.
//!
//! - [`LeaseStore`] is the port. Engines: memory here ([`MemoryLeases`]), PostgreSQL in its own
//!   crate, which also makes writes under a lease.
//! - A [`Tenant`] takes a lease when it can, renews it, and says whether it holds it now.
//! - A [`Duty`] is what those are handed who work only while it is held; a [`Fence`] has what they
//!   write checked within the transaction that writes it.

#[cfg(feature = "conformance")]
pub mod conformance;
mod duty;
mod fence;
mod lease;
mod memory;
mod store;
mod tenant;

pub use duty::{Duty, Tenure};
pub use fence::Fence;
pub use lease::{Epoch, Holder, Lease, LeaseError, LeaseName, LeaseNameError, Taken};
pub use memory::MemoryLeases;
pub use store::LeaseStore;
pub use tenant::{Tenant, TenantOptions, TenantOptionsError};
