//! What personal data looks like wherever it stands.

use std::borrow::Cow;
use std::ops::Range;

use crate::config::MaskPattern;

/// What stands in place of what is masked.
pub(crate) const MASKED: &str = "***";
/// Digits of a card's number, and of a telephone's.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// Masks what looks like one of these. Tokens are masked whatever is asked for.
pub(crate) fn mask<'a>(text: &'a str, patterns: &[MaskPattern]) -> Cow<'a, str> {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    let bytes = text.as_bytes();
    tokens(text, &mut found);
    if patterns.contains(&MaskPattern::Email) && memchr::memchr(b'@', bytes).is_some() {
        emails(text, &mut found);
    }
    let card = patterns.contains(&MaskPattern::Card);
    let phone = patterns.contains(&MaskPattern::Phone);
    if (card || phone) && bytes.iter().filter(|byte| byte.is_ascii_digit()).nth(8).is_some() {
        numbers(text, card, phone, &mut found);
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, instead) in found {
        if range.start < at {
            // It begins in what is masked already; what sticks out of it goes as well.
            at = at.max(range.end);
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&instead);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Three pieces of base64 with dots between them, the first of which begins with `{"`.
fn tokens(text: &str, found: &mut Vec<(Range<usize>, String)>) {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
    for at in memchr::memmem::find_iter(text.as_bytes(), b"eyJ") {
        let rest = &text.as_bytes()[at..];
        let length = rest.iter().take_while(|byte| part(**byte) || **byte == b'.').count();
        if rest[..length].iter().filter(|byte| **byte == b'.').count() >= 2 {
            found.push((at..at + length, MASKED.to_owned()));
        }
    }
}

fn emails(text: &str, found: &mut Vec<(Range<usize>, String)>) {
    let bytes = text.as_bytes();
    let local =
        |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-'".contains(&byte) || !byte.is_ascii();
    let host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte) || !byte.is_ascii();
    for at in memchr::memchr_iter(b'@', bytes) {
        let before = bytes[..at].iter().rev().take_while(|byte| local(**byte)).count();
        let after = bytes[at + 1..].iter().take_while(|byte| host(**byte)).count();
        let named = &bytes[at + 1..at + 1 + after];
        if before > 0 && memchr::memchr(b'.', named.trim_ascii_end()).is_some() {
            found.push((at - before..at + 1 + after, MASKED.to_owned()));
        }
    }
}

/// Digits, with single separators between them.
fn numbers(text: &str, card: bool, phone: bool, found: &mut Vec<(Range<usize>, String)>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_digit()
            || (bytes[at] == b'+' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
            || (bytes[at] == b'(' && bytes.get(at + 1).is_some_and(|it| *it == b'0'));
        if !begins {
            at += 1;
            continue;
        }
        let end = run_end(bytes, at);
        let apart = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let alone = apart(at.checked_sub(1).and_then(|at| bytes.get(at))) && apart(bytes.get(end));
        let digits = bytes[at..end].iter().filter(|byte| byte.is_ascii_digit()).count();
        if card {
            cards(bytes, at..end, found);
        }
        let first = bytes[at..end].iter().find(|byte| **byte != b'(');
        if phone && alone && PHONE_DIGITS.contains(&digits) && matches!(first, Some(b'+' | b'0')) {
            found.push((at..end, MASKED.to_owned()));
        }
        at = end;
    }
}

/// Where a run of digits and separators ends: behind its last digit.
fn run_end(bytes: &[u8], from: usize) -> usize {
    let mut end = from + 1;
    let mut gap = 0;
    for (at, byte) in bytes.iter().enumerate().skip(from + 1) {
        match byte {
            byte if byte.is_ascii_digit() => (end, gap) = (at + 1, 0),
            b' ' | b'-' | b'.' | b'(' | b')' if gap < 2 => gap += 1,
            _ => break,
        }
    }
    end
}

/// Card numbers in a run: they begin and end where groups of digits do.
fn cards(bytes: &[u8], run: Range<usize>, found: &mut Vec<(Range<usize>, String)>) {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let starts = run.clone().filter(|at| is_digit(*at) && (*at == run.start || !is_digit(*at - 1)));
    for start in starts {
        let mut digits = Vec::new();
        for (at, byte) in bytes.iter().enumerate().take(run.end).skip(start) {
            if byte.is_ascii_digit() {
                digits.push(byte - b'0');
            }
            let ends = is_digit(at) && (at + 1 == run.end || !is_digit(at + 1));
            if ends && CARD_DIGITS.contains(&digits.len()) && fits(&digits) {
                let last: String =
                    digits[digits.len() - 4..].iter().map(|it| char::from(b'0' + it)).collect();
                found.push((start..at + 1, format!("{MASKED}{last}")));
            }
            if digits.len() > *CARD_DIGITS.end() {
                break;
            }
        }
    }
}

/// Whether the last digit fits the others (Luhn). All of them zero fit, and are no card.
fn fits(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}
