//! Days of the bank's calendar, and interest that is exact however many days there are.

use bank_domain::interest::{Carried, YEARLY_MAX, Yearly};
use bank_domain::{Day, Month};
use ondol_kernel::{Currency, Money, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().expect("it is a day")
}

#[test]
fn a_day_of_the_bank_begins_at_midnight_in_seoul() {
    let moment = |text: &str| text.parse::<Timestamp>().expect("it is a moment");
    assert_eq!(Day::at(moment("2026-11-28T14:59:59Z")), day("2026-11-28"));
    assert_eq!(Day::at(moment("2026-11-28T15:00:00Z")), day("2026-11-29"));
    assert_eq!(day("2026-11-29").begins(), Some(moment("2026-11-28T15:00:00Z")));
}

#[test]
fn a_month_later_is_the_same_day_or_the_last_of_the_month() {
    let later = |text: &str, months| day(text).months_later(months).to_string();
    assert_eq!(later("2026-01-31", 1), "2026-02-28");
    assert_eq!(later("2028-01-31", 1), "2028-02-29");
    assert_eq!(later("2026-01-31", 2), "2026-03-31");
    assert_eq!(later("2026-11-15", 14), "2028-01-15");
    assert_eq!("2026-12".parse::<Month>().map(Month::last), Ok(day("2026-12-31")));
}

#[test]
fn what_is_no_day_is_not_taken_for_one() {
    for text in ["2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-00", "", "+026-01-01"]
    {
        assert!(text.parse::<Day>().is_err(), "{text}");
    }
    assert!("2028-02-29".parse::<Day>().is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn days_are_counted_without_a_gap(from in 0_i32..2_000_000) {
        let first = day("0001-01-01").plus(from);
        prop_assert_eq!(first.next().since(first), 1);
        prop_assert_eq!(first.plus(400).plus(-400), first);
        prop_assert_eq!(first.to_string().parse(), Ok(first));
        let begins = first.begins().filter(|begins| *begins >= Timestamp::EPOCH);
        if let Some(begins) = begins {
            prop_assert_eq!(Day::at(begins), first);
        }
    }

    /// However the balance goes, what was paid in all is what was due in all, rounded down once.
    #[test]
    fn interest_is_rounded_down_once_however_many_days_there_are(
        rate in 0..=YEARLY_MAX, balances in vec(0_i64..1_000_000_000_000, 1..800),
    ) {
        let yearly = Yearly::new(rate).expect("it is a rate");
        let (mut paid, mut carried) = (0_i128, Carried::default());
        for balance in &balances {
            let (due, left) = yearly.due(Money::new(*balance, Currency::KRW), 1, carried);
            paid += i128::from(due.minor());
            carried = left;
        }
        let due: i128 = balances.iter().map(|balance| i128::from(*balance) * i128::from(rate)).sum();
        prop_assert_eq!(paid, due / (365 * 1_000_000));
    }

    #[test]
    fn many_days_at_once_are_the_same_as_one_after_the_other(
        rate in 0..=YEARLY_MAX, balance in 0_i64..1_000_000_000_000, days in 1_u32..365,
    ) {
        let yearly = Yearly::new(rate).expect("it is a rate");
        let balance = Money::new(balance, Currency::KRW);
        let (mut paid, mut carried) = (0, Carried::default());
        for _ in 0..days {
            let (due, left) = yearly.due(balance, 1, carried);
            paid += due.minor();
            carried = left;
        }
        prop_assert_eq!(yearly.due(balance, days, Carried::default()), (Money::new(paid, Currency::KRW), carried));
    }
}

#[test]
fn a_rate_is_at_most_a_hundred_percent() {
    assert!(Yearly::new(YEARLY_MAX).is_ok() && Yearly::new(YEARLY_MAX + 1).is_err());
}
