//! Numbers as people read them.

use super::*;

#[test]
fn a_number_has_the_digits_it_deserves() {
    let cases = [
        (932_123.7, "932,124"),
        (999.6, "1000"),
        (12.345, "12.3"),
        (1.5, "1.50"),
        (0.1182, "0.118"),
    ];
    for (value, text) in cases {
        assert_eq!(number(value), text);
    }
}

#[test]
fn thousands_are_grouped() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
}
