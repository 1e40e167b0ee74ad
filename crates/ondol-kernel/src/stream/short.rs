//! A text that is put together where it stands, without memory of its own.

use std::fmt;

/// How long it gets, in bytes: a kind, a colon and an id have room.
const BYTES_MAX: usize = 64;

/// A short text while it is written.
#[derive(Debug)]
pub(super) struct ShortText {
    bytes: [u8; BYTES_MAX],
    length: usize,
}

impl Default for ShortText {
    fn default() -> Self {
        Self { bytes: [0; BYTES_MAX], length: 0 }
    }
}

impl ShortText {
    /// What was written.
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).expect("only whole texts were written")
    }
}

impl fmt::Write for ShortText {
    /// Refuses what does not fit, whole.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
