//! Charges that wait for the provider to be back, for those who run the shop.

use ondol_domain::{Index, Keys, View};
use ondol_kernel::{Money, Recorded, Timestamp};
use serde::{Deserialize, Serialize};
use shop_domain::charge::Event;

/// A charge; its key is the order's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// How much.
    pub amount: Option<Money>,
    /// Since when it waits; nothing when it does not.
    pub since: Option<Timestamp>,
}

impl View for Waiting {
    const NAME: &'static str = "waiting";
    const VERSION: u32 = 1;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        match &event.data {
            Event::Requested { amount, .. } => self.amount = Some(*amount),
            Event::PutOff => self.since = Some(event.metadata.time),
            Event::Authorized { .. } | Event::Declined { .. } | Event::Voided => self.since = None,
            Event::Captured | Event::Refunded { .. } => {}
        }
    }

    fn indexes() -> &'static [Index<Self>] {
        const { &[Index::ordered("since", |waiting: &Self| waiting.since.into())] }
    }
}
