//! A line, written without making anything on the way.

use std::io::Write;
use std::time::Duration;

use ondol_kernel::Timestamp;

use crate::gateway::Line;
use crate::handle::Sent;

/// What a line is made of.
pub(crate) struct Entry<'a> {
    pub(crate) time: Timestamp,
    pub(crate) line: &'a Line,
    pub(crate) route: Option<&'a str>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) sent: Sent,
    pub(crate) took: Duration,
    pub(crate) upstream_wait: Duration,
    pub(crate) tries: u32,
}

/// The time as it is written, which changes once a second but for its last digits.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: Option<i64>,
    /// Up to the second: `2026-11-28T15:58:07`.
    text: String,
}

const MICROS: i64 = 1_000_000;
/// `YYYY-MM-DDTHH:MM:SS`.
const SECOND_LETTERS: usize = 19;

impl Stamp {
    fn write(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        let micros = time.as_micros();
        let (second, rest) = (micros.div_euclid(MICROS), micros.rem_euclid(MICROS));
        if self.second != Some(second) {
            self.second = Some(second);
            self.text = time.to_string();
            self.text.truncate(SECOND_LETTERS);
        }
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'.');
        digits(out, rest.unsigned_abs(), 6);
        out.push(b'Z');
    }
}

impl Entry<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>, stamp: &mut Stamp) {
        let Self { line, sent, .. } = self;
        out.extend_from_slice(b"{\"time\":\"");
        stamp.write(self.time, out);
        out.push(b'"');
        let target = line.target.as_ref();
        text(out, ",\"method\":", line.method.as_ref().map_or("", http::Method::as_str));
        text(out, ",\"host\":", target.map_or("", |target| target.host.name()));
        text(out, ",\"path\":", target.map_or("", |target| target.path()));
        text(out, ",\"client\":", line.peer.forwarded_for.to_str().unwrap_or_default());
        for (name, value) in [
            (
                ",\"certificate\":",
                line.peer.certificate.as_ref().and_then(|it| it.names.first().map(String::as_str)),
            ),
            (",\"caller\":", line.caller.as_ref().map(|it| it.principal.subject.as_str())),
            (",\"proved_by\":", line.caller.as_ref().map(|it| it.by.name())),
            (",\"route\":", self.route),
            (",\"upstream\":", line.upstream.as_deref()),
            (",\"reason\":", self.reason),
            (",\"detail\":", line.detail.as_deref()),
            (",\"observed\":", line.observed),
            (
                ",\"trace\":",
                line.trace.as_ref().and_then(|trace| std::str::from_utf8(&trace.id).ok()),
            ),
            (
                ",\"span\":",
                line.trace.as_ref().and_then(|trace| std::str::from_utf8(&trace.span).ok()),
            ),
        ] {
            if let Some(value) = value {
                text(out, name, value);
            }
        }
        number(out, ",\"status\":", u64::from(sent.status.as_u16()));
        number(out, ",\"bytes\":", sent.bytes);
        truth(out, ",\"complete\":", sent.complete);
        number(out, ",\"micros\":", micros(self.took));
        number(out, ",\"upstream_micros\":", micros(self.upstream_wait));
        number(out, ",\"tries\":", u64::from(self.tries));
        truth(out, ",\"fell_back\":", line.fell_back);
        if let Some((side, share)) = line.side {
            text(out, ",\"canary\":", side.name());
            number(out, ",\"canary_percent\":", u64::from(share));
        }
        out.extend_from_slice(b"}\n");
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn truth(out: &mut Vec<u8>, name: &str, value: bool) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn number(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    digits(out, value, 1);
}

/// A number with at least so many digits, written where it stays.
fn digits(out: &mut Vec<u8>, mut value: u64, least: usize) {
    let count = value.checked_ilog10().and_then(|log| usize::try_from(log + 1).ok());
    let at = out.len();
    out.resize(at + count.unwrap_or(1).max(least), b'0');
    for digit in out[at..].iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    let bytes = value.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| !plain(byte)) {
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        let escaped = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(*byte)),
            control => write!(out, "\\u{control:04x}"),
        };
        debug_assert!(escaped.is_ok(), "memory takes everything");
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests;
