//! Rates: what is set is kept, what is converted is rounded as stated.

use std::collections::BTreeMap;

use ondol_kernel::{Currency, Money};

use super::{RateTable, Rates};

fn rates() -> Rates {
    Rates::of(&RateTable::default()).expect("the usual rates are rates")
}

fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency)
}

#[test]
fn a_price_is_converted_and_rounded_half_up_to_the_smallest_unit() {
    // 15,000 won at 1,392.40 are 10.7727 dollars; at 1,611.25 they are 9.3095 euros.
    let won = money(15_000, Currency::KRW);
    assert_eq!(rates().convert(won, Currency::USD), Some(money(10_77, Currency::USD)));
    assert_eq!(rates().convert(won, Currency::EUR), Some(money(9_31, Currency::EUR)));
    // 9.99 dollars are 13,910.076 won, and by way of the won 8.6332 euros.
    let dollars = money(9_99, Currency::USD);
    assert_eq!(rates().convert(dollars, Currency::KRW), Some(money(13_910, Currency::KRW)));
    assert_eq!(rates().convert(dollars, Currency::EUR), Some(money(8_63, Currency::EUR)));
    assert_eq!(rates().convert(dollars, Currency::JPY), Some(money(1_524, Currency::JPY)));
}

#[test]
fn a_price_that_was_set_is_not_converted() {
    let prices = BTreeMap::from([
        (Currency::KRW, money(15_000, Currency::KRW)),
        (Currency::USD, money(11_99, Currency::USD)),
    ]);
    let price = |currency| rates().price(&prices, Currency::KRW, currency);
    assert_eq!(price(Currency::USD), Some(money(11_99, Currency::USD)));
    assert_eq!(price(Currency::EUR), Some(money(9_31, Currency::EUR)));
}

#[test]
fn what_nobody_knows_the_rate_of_has_no_price_and_nothing_is_free() {
    let francs: Currency = "CHF".parse().expect("a currency");
    assert_eq!(rates().convert(money(15_000, Currency::KRW), francs), None);
    assert_eq!(rates().convert(money(1, Currency::KRW), Currency::USD), None);
}

#[test]
fn a_rate_is_a_number_above_nothing() {
    for wrong in ["", "a lot", "0", "-3"] {
        let table = RateTable(BTreeMap::from([(Currency::USD, wrong.to_owned())]));
        assert!(Rates::of(&table).is_err(), "{wrong}");
    }
}
