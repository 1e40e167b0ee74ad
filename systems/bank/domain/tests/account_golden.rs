//! Every event that was ever recorded can still be read.

use bank_domain::account::{Event, FreezeReason};
use bank_domain::{CustomerId, TransferId};
use ondol_kernel::{Currency, Money};
use ondol_testkit::golden;

#[test]
fn every_event_of_an_account_is_recorded_as_it_always_was() {
    let owner = CustomerId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);
    let transfer = TransferId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0011);
    let amount = Money::new(1_200_000, Currency::KRW);
    golden!([
        Event::Opened { owner, currency: Currency::KRW },
        Event::Deposited { amount },
        Event::Withdrawn { amount: Money::new(1_234, Currency::USD) },
        Event::Held { transfer, amount },
        Event::Settled { transfer },
        Event::Released { transfer },
        Event::Frozen { because: FreezeReason::SuspectedFraud },
        Event::Unfrozen,
        Event::Closed,
    ]);
}
