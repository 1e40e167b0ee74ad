//! The general ledger: what stands under each head, in each currency. What is the customers' stands
//! in it as one sum; the balances say whose it is.

use std::collections::BTreeMap;
use std::time::Duration;

use bank_domain::account::Event;
use bank_domain::ledger::{Head, postings};
use ondol_domain::{Keys, View};
use ondol_kernel::{Currency, Money, Position, Recorded};
use serde::{Deserialize, Serialize};

/// The key of the only document.
pub const GENERAL: &str = "general";
/// Under which head the customers' accounts stand together.
const ACCOUNTS: &str = "accounts";

/// The general ledger of a service; more than nothing is owed by the bank, less is owned by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Up to where in the log.
    pub position: Position,
    /// What stands under each head, by currency.
    pub heads: BTreeMap<Currency, BTreeMap<String, Money>>,
}

impl View for Ledger {
    const NAME: &'static str = "ledger";
    const VERSION: u32 = 1;
    const GATHERS: Duration = Duration::from_millis(20);

    type Event = Event;

    fn key(_event: &Recorded<Event>) -> Keys {
        Keys::one(GENERAL)
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        self.position = event.position;
        for posting in postings(event.stream.key(), &event.data) {
            let name = match &posting.head {
                Head::Account(_) => ACCOUNTS.to_owned(),
                head => head.to_string(),
            };
            let currency = posting.amount.currency();
            let heads = self.heads.entry(currency).or_default();
            let before = heads.entry(name).or_insert(Money::zero(currency));
            // Were it more than an amount can be, this document is parked, and no wrong one is shown.
            *before = before.checked_add(posting.amount).expect("the ledger adds up to amounts");
        }
    }
}

impl Ledger {
    /// What all heads of a currency add up to: nothing, when the ledger is balanced.
    pub fn sum(&self, currency: Currency) -> i128 {
        let heads = self.heads.get(&currency).into_iter().flat_map(BTreeMap::values);
        heads.map(|amount| i128::from(amount.minor())).sum()
    }

    /// Whether every currency adds up to nothing.
    pub fn is_balanced(&self) -> bool {
        self.heads.keys().all(|currency| self.sum(*currency) == 0)
    }
}
