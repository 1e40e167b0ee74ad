//! Numbers as they are written, compared exactly, however large or fine.

use std::cmp::Ordering;

/// Digits of an exponent. A larger one is no number here.
const EXPONENT_DIGITS_MAX: usize = 6;

/// A number: its digits without zeros around them, and where its point is.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    /// It is `0.DIGITS` times ten to this.
    point: i64,
}

/// Whether a text is a number.
pub(crate) fn is_number(text: &str) -> bool {
    Decimal::read(text).is_some()
}

/// Which of two numbers is larger; nothing, if one is none.
pub(crate) fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (Decimal::read(one)?, Decimal::read(other)?);
    Some(match (one.negative, other.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => one.size(&other),
        (true, true) => other.size(&one),
    })
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || mantissa.ends_with('.') {
            return None;
        }
        let digits: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let mut kept = digits[leading..].to_vec();
        while kept.last() == Some(&b'0') {
            kept.pop();
        }
        if kept.is_empty() {
            return Some(Self { negative: false, digits: kept, point: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + exponent;
        Some(Self { negative, digits: kept, point })
    }

    fn size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits))
            }
        }
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > EXPONENT_DIGITS_MAX {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}
