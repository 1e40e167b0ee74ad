//! Signatures on P-256, from the form that tokens have to the one that is verified.
//!
//! A token has two numbers of 32 bytes (RFC 7518 §3.4); what verifies reads them as ASN.1. The provider
//! can convert one into the other itself, with allocations that take a microsecond.

/// Bytes of each number.
const NUMBER: usize = 32;
/// A sequence of two numbers that have all their bytes, and a zero each before their first bit.
const ASN1_MAX: usize = 2 + 2 * (2 + 1 + NUMBER);
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// A signature in ASN.1.
pub(crate) struct Asn1 {
    bytes: [u8; ASN1_MAX],
    length: u8,
}

impl Asn1 {
    /// Of a signature as tokens have it; nothing, if it is longer or shorter than those are.
    pub(crate) fn of(signature: &[u8]) -> Option<Self> {
        if signature.len() != 2 * NUMBER {
            return None;
        }
        let (r, s) = signature.split_at(NUMBER);
        let mut asn1 = Self { bytes: [0; ASN1_MAX], length: 2 };
        asn1.integer(r);
        asn1.integer(s);
        asn1.bytes[0] = SEQUENCE;
        asn1.bytes[1] = asn1.length - 2;
        Some(asn1)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Without zeros before it, but for one where the first bit would make it negative.
    fn integer(&mut self, number: &[u8]) {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = &number[zeros.min(NUMBER - 1)..];
        let sign = digits[0] & 0x80 != 0;
        self.push(INTEGER);
        let length = digits.len() + usize::from(sign);
        self.push(u8::try_from(length).unwrap_or(u8::MAX));
        if sign {
            self.push(0);
        }
        for digit in digits {
            self.push(*digit);
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.length)] = byte;
        self.length += 1;
    }
}

#[cfg(test)]
mod tests;
