//! The one form of a path.
//!
//! Slashes in a row become one; letters, digits and `-._~` are never escaped; escapes are in upper
//! case. What could mean two things is refused: dot segments, an escaped slash or backslash, a
//! backslash, path parameters (`;`), control characters, and what is not UTF-8.

use crate::problem::Problem;

/// The canonical form, or `None` if the path already has it.
pub(crate) fn canonical_path(path: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    if is_canonical(path) { Ok(None) } else { rewrite(path).map(Some) }
}

/// Whether there is nothing to look at more closely.
fn is_canonical(path: &[u8]) -> bool {
    let mut after_slash = false;
    for byte in path {
        let class = CLASS[usize::from(*byte)];
        // After a slash, another slash or a dot needs the long way.
        if class == 0 || (after_slash && class == 2) {
            return false;
        }
        after_slash = *byte == b'/';
    }
    path.first() == Some(&b'/')
}

/// 1: plain. 2: plain, but not after a slash. 0: to be looked at.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'/' | b'.' => 2,
            b'-' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            | b'=' | b':' | b'@' => 1,
            _ if byte.is_ascii_alphanumeric() => 1,
            _ => 0,
        };
        if byte == 255 {
            break table;
        }
        byte += 1;
    }
};

fn rewrite(path: &[u8]) -> Result<Vec<u8>, Problem> {
    if path.first() != Some(&b'/') {
        return Err(Problem::BadTarget("the path does not begin with a slash"));
    }
    let mut out = Vec::with_capacity(path.len());
    let mut decoded = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        let byte = match byte {
            b'%' => {
                let byte = escaped(path.get(at + 1..at + 3))?;
                at += 2;
                put_escaped(byte, &mut out)?;
                byte
            }
            b'/' if out.last() == Some(&b'/') => {
                at += 1;
                continue;
            }
            byte if CLASS[usize::from(*byte)] != 0 => {
                out.push(*byte);
                *byte
            }
            b';' => return Err(Problem::BadTarget("the path has parameters")),
            _ => return Err(Problem::BadTarget("the path has a byte that may not be in it")),
        };
        decoded.push(byte);
        at += 1;
    }
    if std::str::from_utf8(&decoded).is_err() {
        return Err(Problem::BadTarget("the path is not UTF-8"));
    }
    if out.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b"..")) {
        return Err(Problem::BadTarget("the path has dot segments"));
    }
    Ok(out)
}

fn escaped(digits: Option<&[u8]>) -> Result<u8, Problem> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digits {
        Some([high, low]) => digit(*high).zip(digit(*low)).map(|(high, low)| high * 16 + low),
        _ => None,
    }
    .ok_or(Problem::BadTarget("an escape is not `%` and two hexadecimal digits"))
}

fn put_escaped(byte: u8, out: &mut Vec<u8>) -> Result<(), Problem> {
    match byte {
        b'/' | b'\\' => Err(Problem::BadTarget("the path has an escaped slash")),
        b';' => Err(Problem::BadTarget("the path has parameters")),
        0..=0x1f | 0x7f => Err(Problem::BadTarget("the path has a control character")),
        b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
            out.push(byte);
            Ok(())
        }
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
