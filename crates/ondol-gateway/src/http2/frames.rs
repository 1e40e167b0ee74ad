//! Counts frames that cost their sender nothing and us something.

use std::time::Duration;

/// How HTTP/2 begins.
const PREFACE_BYTES: usize = 24;
/// Frames without use that are borne at once.
const USELESS_MAX: u32 = 100;
/// One more every so often.
const USELESS_EVERY: Duration = Duration::from_millis(100);

const DATA: u8 = 0;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM: u8 = 1;

/// Follows the frames of one direction.
#[derive(Debug)]
pub(super) struct Frames {
    skip: usize,
    head: [u8; 9],
    filled: usize,
}

impl Frames {
    /// What a client sends, its preface first.
    pub(super) const fn from_client() -> Self {
        Self { skip: PREFACE_BYTES, head: [0; 9], filled: 0 }
    }

    /// What a server sends.
    pub(super) const fn from_server() -> Self {
        Self { skip: 0, head: [0; 9], filled: 0 }
    }

    /// Whether no frame has been begun and not ended.
    pub(super) const fn is_between(&self) -> bool {
        self.skip == 0 && self.filled == 0
    }

    /// Follows these bytes; `useless` hears of frames that mean nothing.
    pub(super) fn follow(&mut self, mut bytes: &[u8], mut useless: impl FnMut()) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            if bytes.is_empty() {
                return;
            }
            let taken = (self.head.len() - self.filled).min(bytes.len());
            self.head[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled < self.head.len() {
                return;
            }
            self.filled = 0;
            let [a, b, c, kind, flags, ..] = self.head;
            self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let idle_data = kind == DATA && self.skip == 0 && flags & END_STREAM == 0;
            if idle_data || matches!(kind, PRIORITY | SETTINGS | PING) {
                useless();
            }
        }
    }
}

/// A bucket that useless frames fill and time empties.
#[derive(Debug, Default)]
pub(super) struct Useless {
    count: u32,
    emptied: Duration,
}

impl Useless {
    /// One more. Whether it is one too many.
    pub(super) fn add(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.emptied).as_millis() / USELESS_EVERY.as_millis();
        if passed > 0 {
            self.count = self.count.saturating_sub(u32::try_from(passed).unwrap_or(u32::MAX));
            self.emptied = now;
        }
        self.count += 1;
        self.count > USELESS_MAX
    }
}

/// GOAWAY: ENHANCE_YOUR_CALM, for every stream.
pub(super) const CALM_DOWN: [u8; 17] =
    [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0x0b];

#[cfg(test)]
mod tests;
