//! Numbers that belong to people, and how they differ from all other numbers.

/// The shortest number that is hidden has so many digits.
pub(super) const DIGITS_MIN: usize = 7;

/// Whether a number is one of its own, and no part of an id, a time or a longer number.
pub(super) fn stands_alone(before: &str, _it: &str, after: &str) -> bool {
    let belongs = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let joins = |one: char| matches!(one, '-' | '.' | ':');
    let mut after = after.chars();
    let (first, second) = (after.next(), after.next());
    let mut before = before.chars().rev();
    let (last, last_but_one) = (before.next(), before.next());
    let joined = |joint: Option<char>, beyond: Option<char>| {
        joint.is_some_and(belongs)
            || (joint.is_some_and(joins) && beyond.is_some_and(|one| one.is_ascii_digit()))
            || (joint == Some('-') && beyond.is_some_and(belongs))
    };
    !joined(first, second) && !joined(last, last_but_one)
}

/// Whether groups of digits are, or hold, the number of a card: 13 to 19 digits that begin as
/// those of cards do and whose check digit is right.
pub(super) fn is_card(before: &str, it: &str, after: &str) -> bool {
    if !stands_alone(before, it, after) {
        return false;
    }
    let groups: Vec<&str> = it.split([' ', '-']).collect();
    (0..groups.len()).any(|from| {
        (from + 1..=groups.len()).any(|to| {
            let digits: Vec<u8> = groups[from..to].iter().flat_map(|group| group.bytes()).collect();
            (13..=19).contains(&digits.len())
                && (b'2'..=b'6').contains(&digits[0])
                && adds_up(&digits)
        })
    })
}

/// Whether the last digit is the check digit of those before it (Luhn).
fn adds_up(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            match (at % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
