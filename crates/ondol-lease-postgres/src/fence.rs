//! What other stores of the same database check within their transactions.

use ondol_lease::{Duty, Fence, Lease, LeaseError, LeaseName};

/// The row of a lease, as a transaction of another store looks at it.
#[derive(Debug)]
pub(crate) struct RowFence {
    pub(crate) schema: String,
    pub(crate) name: LeaseName,
    pub(crate) duty: Duty,
    pub(crate) paused_timeout_ms: u64,
}

impl Fence for RowFence {
    fn statement(&self) -> Result<String, LeaseError> {
        let not_held = || LeaseError::NotHeld { name: self.name.clone() };
        let Lease { name, holder, epoch } = self.duty.lease().ok_or_else(not_held)?;
        let (schema, timeout) = (&self.schema, self.paused_timeout_ms);
        let (name, holder) = (quoted(name.as_str()), quoted(&holder.to_string()));
        // One who is paused in the middle of it must not hold up whoever takes over.
        Ok(format!(
            "SELECT set_config('idle_in_transaction_session_timeout', '{timeout}', true)
             FROM {schema}.ondol_leases
             WHERE name = {name} AND holder = {holder}::UUID AND epoch = {epoch} FOR KEY SHARE"
        ))
    }
}

/// A text as it is written in a statement. Names of leases have no control characters.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
