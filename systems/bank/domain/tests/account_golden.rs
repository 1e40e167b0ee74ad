//! Every event that was ever recorded can still be read.

use bank_domain::account::{Event, FreezeReason};
use bank_domain::interest::{Carried, Yearly};
use bank_domain::{CustomerId, Day, EntryId, LoanId, PaymentId, Purpose, Source, TransferId};
use ondol_kernel::{Currency, Money};
use ondol_testkit::golden;

#[test]
fn every_event_of_an_account_is_recorded_as_it_always_was() {
    let owner = CustomerId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);
    let transfer = TransferId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0011);
    let amount = Money::new(1_200_000, Currency::KRW);
    let day = Day::new(2026, 11, 28).unwrap();
    golden!([
        Event::Opened { owner, currency: Currency::KRW },
        Event::Deposited { amount },
        Event::Withdrawn { amount: Money::new(1_234, Currency::USD) },
        Event::Held { transfer, amount },
        Event::Settled { transfer },
        Event::Released { transfer, amount: None },
        Event::Frozen { because: FreezeReason::SuspectedFraud },
        Event::Unfrozen,
        Event::Closed,
        Event::Credited {
            source: Source::Exchange { transfer, sold: Money::new(90_000, Currency::USD) },
            amount
        },
        Event::Charged {
            purpose: Purpose::Repayment {
                loan: LoanId::from_u128(0x21),
                repayment: EntryId::from_u128(0x22),
                interest: Money::new(7_000, Currency::KRW),
            },
            amount,
        },
        Event::Captured {
            payment: PaymentId::from_u128(0x31),
            taken: amount,
            left: Money::new(0, Currency::KRW),
        },
        Event::LimitSet { daily: Some(amount) },
        Event::DayBegun,
        Event::DayEnded,
        Event::InterestAgreed { rate: Yearly::new(25_000).unwrap(), from: day },
        Event::InterestPosted {
            day,
            amount: Money::new(82, Currency::KRW),
            carried: Carried::default()
        },
    ]);
}
