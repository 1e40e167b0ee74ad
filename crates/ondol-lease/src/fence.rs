//! What keeps apart those who share a database, within their transactions.

use std::fmt::Debug;

use crate::LeaseError;

/// Has other stores of the database that keeps the leases commit only while one is held.
pub trait Fence: Debug + Send + Sync + 'static {
    /// A statement in the language of the database. It answers with a row if the lease that is
    /// held here is still of its epoch, and then nobody takes it over before the transaction has
    /// ended; with none, if somebody has. It is the first one of the transaction.
    ///
    /// # Errors
    /// When no lease is held here.
    fn statement(&self) -> Result<String, LeaseError>;
}
