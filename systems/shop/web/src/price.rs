//! Money as people in a shop write it: ₩39,900, $10.77.

use ondol_kernel::{Currency, Money};

/// An amount, with its sign in front; by its letters, where it has none.
pub(crate) fn shown(amount: Money) -> String {
    let text = amount.to_string();
    let number = text.split(' ').next().unwrap_or_default();
    match sign(amount.currency()) {
        Some(sign) => format!("{sign}{number}"),
        None => text,
    }
}

fn sign(currency: Currency) -> Option<&'static str> {
    match currency.code() {
        "KRW" => Some("₩"),
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        _ => None,
    }
}
