//! From values to text.

use std::io::Write;

use super::Json;

pub(super) fn write(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Plain(plain) => out.extend_from_slice(plain.as_bytes()),
        Json::Text(words) => text(words, out),
        Json::Array(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(value, out);
            }
            out.push(b']');
        }
        Json::Object(members) => {
            out.push(b'{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                text(name, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
    }
}

pub(super) fn text(words: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = words.as_bytes();
    let mut from = 0;
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| special(byte)) {
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        let written = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(*byte)),
            control => write!(out, "\\u{control:04x}"),
        };
        debug_assert!(written.is_ok(), "memory takes everything");
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
