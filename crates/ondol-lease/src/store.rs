//! The port itself.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Holder, Lease, LeaseError, LeaseName, Taken};

/// A place that all who may hold a lease ask. Terms are measured by its clock alone.
#[async_trait]
pub trait LeaseStore: Debug + Send + Sync + 'static {
    /// Takes a lease that is free or whose term is over, raising its epoch; renews it, under the
    /// epoch it has, for the one who holds it or held it last.
    async fn take(
        &self,
        name: &LeaseName,
        holder: Holder,
        term: Duration,
    ) -> Result<Taken, LeaseError>;

    /// Whether nobody has taken the lease since it was given: its epoch is still this one. It
    /// may be so after the term is over.
    async fn check(&self, lease: &Lease) -> Result<(), LeaseError>;

    /// Gives a lease back before its term is over; one that is no longer held is let be.
    async fn release(&self, lease: &Lease) -> Result<(), LeaseError>;
}
