//! Values as bytes that compare as the values do.
//!
//! Every engine can compare bytes, and compares them alike; none compares texts, numbers and
//! missing values quite as another does. So an index holds bytes: one tag that says what kind of
//! value follows, then the value, and no encoding is the beginning of another. That makes a
//! tuple of values their encodings in a row, and "the first part equals" a matter of prefixes.

use ondol_domain::IndexValue;

const INTEGER: u8 = 0x30;
const TEXT: u8 = 0x40;

/// The bytes of a value; nothing, for a document that is not found by the index.
pub fn encode(value: &IndexValue) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match value {
        IndexValue::Nothing => return None,
        IndexValue::Number(number) => put_integer(&mut bytes, *number),
        IndexValue::Text(text) => put_text(&mut bytes, text),
    }
    Some(bytes)
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
