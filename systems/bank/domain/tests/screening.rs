//! What is let through by those who look for fraud, and what is not.

use bank_domain::TransferId;
use bank_domain::contract::{Screened, Suspicion};
use bank_domain::screening::{Command, Event, LOOKS_LIKE_FRAUD_FROM, Watch};
use ondol_kernel::{Currency, Money};
use ondol_testkit::{Story, golden};

const TRANSFER: TransferId = TransferId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0011);

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn screen(amount: i64) -> Command {
    Command::Screen { transfer: TRANSFER, amount: krw(amount) }
}

fn let_through(amount: i64, oddness: u8) -> Event {
    Event::LetThrough { transfer: TRANSFER, amount: krw(amount), oddness }
}

#[test]
fn the_larger_the_amount_the_odder_it_looks() {
    Story::<Watch>::given([]).when(screen(300_000)).then([let_through(300_000, 0)]);
    Story::<Watch>::given([]).when(screen(5_000_000)).then([let_through(5_000_000, 5)]);
    let most = LOOKS_LIKE_FRAUD_FROM - 1;
    Story::<Watch>::given([]).when(screen(most)).then([let_through(most, 99)]);
    assert_eq!(Screened::of(&[let_through(5_000_000, 5)]), Screened { oddness: 5 });
}

#[test]
fn what_looks_like_fraud_is_not_let_through() {
    let before = [let_through(5_000_000, 5)];
    let story = Story::<Watch>::given(before).when(screen(LOOKS_LIKE_FRAUD_FROM));
    story.refused(Suspicion::LooksLikeFraud);
}

#[test]
fn what_was_let_through_is_recorded_as_it_always_was() {
    golden!([let_through(5_000_000, 5)]);
}
