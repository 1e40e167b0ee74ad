//! Reading fields one after the other, and numbers of varying length.

use super::{Malformed, get};

/// A place in some bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = *self.bytes.get(self.at).ok_or(Malformed("ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let array = get(self.bytes, self.at)?;
        self.at += N;
        Ok(array)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or(Malformed("has a length that cannot be"))?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed("ends too early"))?;
        self.at = end;
        Ok(taken)
    }

    /// A number of one to ten bytes.
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("has a number over 64 bits"))
    }

    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.varint()?).map_err(|_large| Malformed("has a length that cannot be"))
    }

    /// Text with its length before it.
    pub(crate) fn short(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }
}

/// Writes a number in one to ten bytes.
pub(crate) fn put_varint(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(0x80 | (number & 0x7f).to_le_bytes()[0]);
        number >>= 7;
    }
    into.push(number.to_le_bytes()[0]);
}
