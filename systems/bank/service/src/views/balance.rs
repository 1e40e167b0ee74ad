//! The balance of each account: what is on it, what is promised, what can be spent.

use std::collections::BTreeMap;

use bank_domain::account::{Event, Kind};
use bank_domain::{CustomerId, TransferId};
use ondol_domain::{Index, IndexValue, Keys, View};
use ondol_kernel::{Currency, Money, Recorded};
use serde::{Deserialize, Serialize};

/// The balance of an account; its key is the account's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Whose it is.
    pub owner: Option<CustomerId>,
    /// All that is on it, held or not.
    pub balance: Option<Money>,
    /// What is promised to transfers.
    pub holds: BTreeMap<TransferId, Money>,
    /// Whether money may not leave.
    pub is_frozen: bool,
    /// Whether it is closed for good.
    pub is_closed: bool,
    /// What kind of account it is.
    #[serde(default)]
    pub kind: Kind,
}

impl View for Balance {
    const NAME: &'static str = "balance";
    const VERSION: u32 = 2;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        match event.data {
            Event::Opened { owner, currency } => self.open(owner, currency),
            Event::Deposited { amount }
            | Event::Credited { amount, .. }
            | Event::InterestPosted { amount, .. } => {
                self.change(|balance| balance.checked_add(amount).ok());
            }
            Event::Withdrawn { amount } | Event::Charged { amount, .. } => {
                self.change(|balance| balance.checked_sub(amount).ok());
            }
            Event::Captured { payment, taken, .. } => {
                self.holds.remove(&payment.of());
                self.change(|balance| balance.checked_sub(taken).ok());
            }
            Event::InterestAgreed { .. } => self.kind = Kind::Savings,
            Event::Held { transfer, amount } => drop(self.holds.insert(transfer, amount)),
            Event::Settled { transfer } => {
                if let Some(amount) = self.holds.remove(&transfer) {
                    self.change(|balance| balance.checked_sub(amount).ok());
                }
            }
            Event::Released { transfer, .. } => drop(self.holds.remove(&transfer)),
            Event::Frozen { .. } => self.is_frozen = true,
            Event::Unfrozen => self.is_frozen = false,
            Event::Closed => self.is_closed = true,
            Event::LimitSet { .. } | Event::DayBegun | Event::DayEnded => {}
        }
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::equality("owner", |balance: &Self| balance.owner.into()),
                Index::ordered("balance", |balance: &Self| {
                    balance.balance.map_or(IndexValue::Nothing, IndexValue::from)
                }),
            ]
        }
    }
}

impl Balance {
    /// What is promised to transfers.
    pub fn held(&self) -> Option<Money> {
        let currency = self.balance?.currency();
        Money::checked_sum(currency, self.holds.values().copied()).ok()
    }

    /// What can be spent.
    pub fn available(&self) -> Option<Money> {
        self.balance?.checked_sub(self.held()?).ok()
    }

    fn open(&mut self, owner: CustomerId, currency: Currency) {
        self.owner = Some(owner);
        self.balance = Some(Money::zero(currency));
    }

    /// The account itself has checked the sum before it was recorded; were it wrong all the
    /// same, this document is parked, and no wrong amount is ever shown.
    fn change(&mut self, sum: impl FnOnce(Money) -> Option<Money>) {
        let balance = self.balance.and_then(sum);
        self.balance = Some(balance.expect("what was recorded adds up to an amount"));
    }
}
