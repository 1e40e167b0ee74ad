//! Numbers that are compared, and times that are counted.

use std::cmp::Ordering;
use std::time::Duration;

use proptest::prelude::*;

use super::decimal::{compare, is_number};
use super::window::Windows;
use crate::config::AlertOptions;

#[test]
fn numbers_are_compared_exactly() {
    for (one, other, order) in [
        ("10000000.01", "10000000", Ordering::Greater),
        ("9007199254740993", "9007199254740992", Ordering::Greater),
        ("1e3", "1000", Ordering::Equal),
        ("1.50", "1.5", Ordering::Equal),
        ("-2", "-1", Ordering::Less),
        ("-0", "0", Ordering::Equal),
        ("0.001", "1e-2", Ordering::Less),
        ("00012", "12", Ordering::Equal),
        ("-1", "0.5", Ordering::Less),
        ("1e999999", "99", Ordering::Greater),
    ] {
        assert_eq!(compare(one, other), Some(order), "{one} and {other}");
        assert_eq!(compare(other, one), Some(order.reverse()));
    }
    for not in ["", "-", "1.", ".5", "1e", "NaN", "1e9999999", "+1", "1 "] {
        assert!(!is_number(not), "{not}");
    }
}

proptest! {
    #[test]
    fn whole_numbers_are_compared_as_they_are(one in any::<i64>(), other in any::<i64>()) {
        prop_assert_eq!(compare(&one.to_string(), &other.to_string()), Some(one.cmp(&other)));
    }
}

fn options(count: usize, within: u64, quiet: u64) -> AlertOptions {
    let (within, quiet) = (Duration::from_secs(within), Duration::from_secs(quiet));
    AlertOptions { route: None, when: Vec::new(), count, within, by: None, quiet, webhook: None }
}

#[test]
fn an_alarm_is_raised_at_the_third_time_in_a_minute_and_then_is_quiet() {
    let (windows, options) = (Windows::default(), options(3, 60, 100));
    let at = |key: &str, second| windows.count(key, Duration::from_secs(second), &options);
    assert_eq!((at("a", 0), at("a", 10), at("b", 11)), (None, None, None));
    assert_eq!(at("a", 61), None, "the first was too long ago");
    assert_eq!(at("a", 62), Some(3));
    assert_eq!((at("a", 63), at("a", 64), at("a", 65)), (None, None, None), "quiet");
    assert_eq!((at("a", 162), at("a", 163), at("a", 164)), (None, None, Some(3)));
}

#[test]
fn who_calls_himself_by_many_names_costs_no_more_than_so_much() {
    let (windows, options) = (Windows::default(), options(2, 60, 60));
    for number in 0..10_100_u64 {
        let now = Duration::from_millis(number);
        assert_eq!(windows.count(&number.to_string(), now, &options), None);
    }
    assert_eq!(windows.count("10099", Duration::from_millis(10_200), &options), Some(2));
    assert_eq!(windows.count("0", Duration::from_millis(10_201), &options), None, "forgotten");
}
