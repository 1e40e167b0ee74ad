//! A moment as text: RFC 3339, all of it and nothing besides.
//!
//! Parsers of dates like to take more than that: a blank for the `T`, no seconds, a zone in
//! brackets. What one program takes and the next refuses is no format, so this one is strict.

use std::fmt;

use jiff::civil::{DateTime, date};

const MICROS_A_SECOND: i64 = 1_000_000;
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// Microseconds from 1970, if the text is a moment; it may lie a little outside the years 0 to
/// 9999, by its offset.
pub(super) fn read(text: &str) -> Option<i64> {
    let (date, time) = (text.get(..10)?, text.get(11..19)?);
    let [b'T' | b't'] = text.as_bytes().get(10..11)? else { return None };
    let [year, month, day] = numbers(date, b'-')?;
    let [hour, minute, second] = numbers(time, b':')?;
    let (fraction, offset) = fraction(text.get(19..)?)?;
    let offset = offset_in_seconds(offset)?;
    let moment = DateTime::new(
        year,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second.min(59)).ok()?,
        0,
    );
    let seconds = moment.ok()?.duration_since(EPOCH).as_secs() - offset;
    // A leap second is put in where a day of UTC ends, and nowhere else.
    let may_leap = (seconds + 1).rem_euclid(86_400) == 0;
    if second > 60 || second == 60 && !may_leap {
        return None;
    }
    Some(seconds * MICROS_A_SECOND + fraction)
}

/// `2026-01-31` or `09:30:00`: three groups of digits, the last two of which have two.
fn numbers(text: &str, between: u8) -> Option<[i16; 3]> {
    let bytes = text.as_bytes();
    let (first, rest) = bytes.split_at_checked(bytes.len().checked_sub(6)?)?;
    let &[a, second_tens, second_ones, b, third_tens, third_ones] = rest else { return None };
    let second = number(&[second_tens, second_ones])?;
    let third = number(&[third_tens, third_ones])?;
    (a == between && b == between).then_some([number(first)?, second, third])
}

fn number(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0_i16, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| i16::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The microseconds of `.123456789Z`, and what follows them.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at_checked(count).filter(|_| count > 0)?;
    let micros = digits.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some((micros.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0')), rest))
}

/// `Z`, or `+09:00`: hours and minutes that UTC is behind.
fn offset_in_seconds(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'Z' | b'z' => return (text.len() == 1).then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let &[hours_tens, hours_ones, b':', minutes_tens, minutes_ones] = text.as_bytes().get(1..)?
    else {
        return None;
    };
    let hours = number(&[hours_tens, hours_ones]).filter(|hours| *hours < 24)?;
    let minutes = number(&[minutes_tens, minutes_ones]).filter(|minutes| *minutes < 60)?;
    Some(sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

/// Writes `2026-01-31T09:30:00.000000Z`.
pub(super) fn write(micros: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let moment = EPOCH
        .checked_add(jiff::SignedDuration::from_micros(micros))
        .expect("a timestamp is checked to be in range when made");
    let (date, time) = (moment.date(), moment.time());
    write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())?;
    write!(f, "T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
    write!(f, ".{:06}Z", time.subsec_nanosecond() / 1_000)
}
