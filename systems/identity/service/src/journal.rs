//! What is written down of every attempt, before it is answered.

use std::net::IpAddr;

use ondol_vault::{AuditRecord, Outcome, masked_address};

use crate::fault::Fault;
use crate::provider::Provider;

/// What is written down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) actor: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) reason: String,
}

impl Provider {
    pub(crate) async fn succeeded(&self, entry: Entry) -> Result<(), Fault> {
        self.write_down(entry, Outcome::Success).await
    }

    pub(crate) async fn failed(&self, entry: Entry) -> Result<(), Fault> {
        self.write_down(entry, Outcome::Failure).await
    }

    async fn write_down(&self, entry: Entry, outcome: Outcome) -> Result<(), Fault> {
        let record = AuditRecord {
            time: self.clock().now(),
            action: entry.action.to_owned(),
            outcome,
            actor: entry.actor,
            client: entry.client,
            address: entry.address.map(masked_address),
            reason: Some(entry.reason).filter(|reason| !reason.is_empty()),
        };
        self.audit().write(&record).await?;
        Ok(())
    }
}
