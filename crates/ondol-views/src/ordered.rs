//! Values as bytes that compare as the values do.
//!
//! Every engine can compare bytes, and compares them alike; none compares texts, numbers and
//! missing values quite as another does. So an index holds bytes: one tag that says what kind of
//! value follows, then the value, and no encoding is the beginning of another. That makes a
//! tuple of values their encodings in a row, and "the first part equals" a matter of prefixes.

const NOTHING: u8 = 0x10;
const FALSE: u8 = 0x20;
const TRUE: u8 = 0x21;
const INTEGER: u8 = 0x30;
const TEXT: u8 = 0x40;

/// A value that is not there: less than all that are.
pub fn put_nothing(bytes: &mut Vec<u8>) {
    bytes.push(NOTHING);
}

/// A flag: no is less than yes.
pub fn put_flag(bytes: &mut Vec<u8>, flag: bool) {
    bytes.push(if flag { TRUE } else { FALSE });
}

/// A whole number.
pub fn put_integer(bytes: &mut Vec<u8>, number: i64) {
    const SIGN: u64 = 1 << 63;
    bytes.push(INTEGER);
    bytes.extend_from_slice(&(number.cast_unsigned() ^ SIGN).to_be_bytes());
}

/// A text, by its code points: no language's order, but everywhere the same.
pub fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_text_prefix(bytes, text);
    bytes.extend_from_slice(&[0, 0]);
}

/// The beginning of a text: all encodings of texts that begin so begin so.
pub fn put_text_prefix(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(TEXT);
    for byte in text.bytes() {
        bytes.push(byte);
        if byte == 0 {
            // The end is two zeros, so a zero within is marked as not being the end.
            bytes.push(0xFF);
        }
    }
}

/// The least bytes that are greater than all that begin with these, if there are any.
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let end = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut after = prefix[..=end].to_vec();
    after[end] += 1;
    Some(after)
}
