//! Money is conserved, exact, and reads as it is written.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn krw(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["KRW", "USD", "KWD", "CLF", "EUR", "JPY"])
        .prop_map(|code| code.parse().expect("these are codes in use"))
}

fn money() -> impl Strategy<Value = Money> {
    (any::<i64>(), currency()).prop_map(|(minor, currency)| Money::new(minor, currency))
}

#[test]
fn money_is_written_as_people_write_it() {
    assert_eq!(krw(1_200_000).to_string(), "1,200,000 KRW");
    assert_eq!(krw(-300_000).to_string(), "-300,000 KRW");
    assert_eq!(krw(0).to_string(), "0 KRW");
    assert_eq!(usd(1_234).to_string(), "12.34 USD");
    assert_eq!(usd(-5).to_string(), "-0.05 USD");
    assert_eq!(krw(i64::MIN).to_string(), "-9,223,372,036,854,775,808 KRW");
}

#[test]
fn money_is_read_as_people_write_it() {
    let read = |text: &str| text.parse::<Money>();
    assert_eq!(read("1,200,000 KRW"), Ok(krw(1_200_000)));
    assert_eq!(read("1200000 KRW"), Ok(krw(1_200_000)));
    assert_eq!(read("12.3 USD"), Ok(usd(1_230)));
    assert_eq!(read("-0.05 USD"), Ok(usd(-5)));
}

#[test]
fn what_is_not_money_is_refused() {
    for text in [
        "",
        "12",
        "KRW",
        "12KRW",
        "12  KRW",
        " 12 KRW",
        "12 KRW ",
        "1,2 KRW",
        "1,2000 KRW",
        ",200 KRW",
        "1,,200 KRW",
        "12. USD",
        ".5 USD",
        "1.2.3 USD",
        "+1 USD",
        "--1 USD",
        "1e3 USD",
        "0x1 USD",
        "١ USD",
        "1 usd",
        "1 XXX",
        "1 BTC",
        "NaN USD",
        "0.001 USD",
        "0.1 KRW",
        "9223372036854775808 KRW",
        "99999999999999999999999999999999999999999 KRW",
    ] {
        assert!(text.parse::<Money>().is_err(), "{text:?} was taken for money");
    }
}

#[test]
fn in_json_an_amount_is_text_so_that_no_reader_rounds_it() {
    let json = serde_json::to_string(&usd(123_450)).expect("money is written");
    assert_eq!(json, r#"{"amount":"1234.50","currency":"USD"}"#);
    assert_eq!(serde_json::from_str::<Money>(&json).expect("and read back"), usd(123_450));
    for refused in [
        r#"{"amount":12,"currency":"USD"}"#,
        r#"{"amount":"12.345","currency":"USD"}"#,
        r#"{"amount":"12","currency":"USD","minor":3}"#,
        r#"{"amount":"12"}"#,
        r#"{"amount":"1e3","currency":"USD"}"#,
    ] {
        assert!(serde_json::from_str::<Money>(refused).is_err(), "{refused} was taken for money");
    }
}

#[test]
fn amounts_of_two_currencies_do_not_add() {
    let expected = MoneyError::DifferentCurrencies { left: Currency::KRW, right: Currency::USD };
    assert_eq!(krw(1).checked_add(usd(1)), Err(expected));
    assert_eq!(krw(1).partial_cmp(&usd(1)), None);
}

#[test]
fn sums_do_not_wrap() {
    let overflow = Err(MoneyError::Overflow { currency: Currency::KRW });
    assert_eq!(krw(i64::MAX).checked_add(krw(1)), overflow);
    assert_eq!(krw(i64::MIN).checked_sub(krw(1)), overflow);
    assert_eq!(krw(i64::MIN).checked_neg(), overflow);
    assert_eq!(krw(i64::MAX).checked_mul(2), overflow);
}

#[test]
fn a_conversion_rounds_once_and_as_stated() {
    let rate = |text: &str| {
        let value: Decimal = text.parse().expect("a number");
        Rate::new(Currency::USD, Currency::KRW, value).expect("a rate")
    };
    let convert = |minor, at: &str, rounding| usd(minor).convert(&rate(at), rounding);
    assert_eq!(convert(10_000, "1375.25", Rounding::HalfEven), Ok(krw(137_525)));
    // 0.50 USD at 3 is 1.5 KRW, at 5 is 2.5 KRW.
    assert_eq!(convert(50, "3", Rounding::HalfEven), Ok(krw(2)));
    assert_eq!(convert(50, "5", Rounding::HalfEven), Ok(krw(2)));
    assert_eq!(convert(50, "5", Rounding::HalfUp), Ok(krw(3)));
    assert_eq!(convert(-50, "5", Rounding::HalfUp), Ok(krw(-3)));
    assert_eq!(convert(50, "5", Rounding::Down), Ok(krw(2)));
    assert_eq!(convert(-50, "5", Rounding::Down), Ok(krw(-2)));
    assert_eq!(convert(1, "0.0001", Rounding::Up), Ok(krw(1)));
    assert_eq!(convert(0, "1375.25", Rounding::Up), Ok(krw(0)));
    let overflow = Err(MoneyError::Overflow { currency: Currency::KRW });
    assert_eq!(convert(i64::MAX, "1375.25", Rounding::Down), overflow);
    assert!(krw(1).convert(&rate("1"), Rounding::Down).is_err(), "the rate is for dollars");
}

#[test]
fn a_rate_is_more_than_nothing_and_exact() {
    let rate =
        |text: &str| Rate::new(Currency::USD, Currency::KRW, text.parse().expect("a number"));
    assert!(matches!(rate("0"), Err(RateError::NotPositive { .. })));
    assert!(matches!(rate("-1.5"), Err(RateError::NotPositive { .. })));
    assert!(matches!(rate("0.1234567890123456789"), Err(RateError::TooPrecise { .. })));
    assert!(rate("1375.250000000000000000000").is_ok(), "zeros at the end are not digits of it");
}

#[test]
fn currencies_are_those_in_use() {
    for code in ["KRW", "USD", "EUR", "VES", "ZWG", "UYW"] {
        assert!(code.parse::<Currency>().is_ok(), "{code} is in use");
    }
    for code in ["", "krw", "KR", "KRWX", "ABC", "DEM", "XXX", "원원원", "K W"] {
        assert!(code.parse::<Currency>().is_err(), "{code} is not a currency");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(money in money()) {
        prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        let json = serde_json::to_string(&money).expect("money is written");
        prop_assert_eq!(serde_json::from_str::<Money>(&json).expect("and read back"), money);
    }

    #[test]
    fn shares_add_up_to_what_was_shared(
        money in money(),
        weights in prop::collection::vec(0_u32..1_000, 1..20),
    ) {
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let shares = money.allocate(&weights).expect("the weights are not all nothing");
        let sum: i128 = shares.iter().map(|share| i128::from(share.minor())).sum();
        prop_assert_eq!(sum, i128::from(money.minor()));
        for (share, weight) in shares.iter().zip(&weights) {
            prop_assert!(*weight > 0 || share.is_zero(), "nobody who is due nothing gets anything");
        }
    }

    #[test]
    fn equal_shares_differ_by_one_smallest_unit_at_most(minor in any::<i64>(), count in 1_usize..50) {
        let shares = krw(minor).allocate(&vec![1; count]).expect("there is somebody to share with");
        let least = shares.iter().map(|share| share.minor()).min().expect("there are shares");
        let most = shares.iter().map(|share| share.minor()).max().expect("there are shares");
        prop_assert!(i128::from(most) - i128::from(least) <= 1);
    }

    #[test]
    fn adding_and_taking_away_again_changes_nothing(left in any::<i64>(), right in any::<i64>()) {
        if let Ok(sum) = krw(left).checked_add(krw(right)) {
            prop_assert_eq!(sum.checked_sub(krw(right)), Ok(krw(left)));
        }
    }

    #[test]
    fn a_conversion_is_within_one_smallest_unit_of_the_exact_product(
        minor in -1_000_000_000_i64..1_000_000_000,
        mantissa in 1_i64..1_000_000_000,
        scale in 0_u32..9,
    ) {
        let rate = Rate::new(Currency::USD, Currency::EUR, Decimal::new(mantissa, scale))
            .expect("it is positive and short");
        let exact = Decimal::from(minor) * Decimal::new(mantissa, scale);
        for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down, Rounding::Up] {
            let converted = usd(minor).convert(&rate, rounding).expect("it fits");
            let off = (Decimal::from(converted.minor()) - exact).abs();
            prop_assert!(off < Decimal::ONE, "{rounding:?} is off by {off}");
        }
    }
}
