//! A line of JSON for every request.
//!
//! Lines are put together on the worker and written by a thread of their own. The queue between them
//! is bounded: when the disk cannot keep up, lines are dropped and counted rather than requests held.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ondol_kernel::Timestamp;

use crate::gateway::Line;
use crate::handle::Sent;

/// Lines waiting to be written.
const LINES_MAX: usize = 16 * 1024;

/// Where lines go, if anywhere.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    lines: Option<SyncSender<String>>,
    dropped: AtomicU64,
    writer: Option<JoinHandle<()>>,
}

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

impl AccessLog {
    /// A log to the standard output (`-`) or a file.
    ///
    /// # Errors
    /// The file cannot be opened, or the thread not started.
    pub(crate) fn open(to: Option<&str>) -> io::Result<Self> {
        let Some(to) = to else { return Ok(Self::default()) };
        let out: Box<dyn Write + Send> = match to {
            "-" => Box::new(io::stdout()),
            file => Box::new(OpenOptions::new().create(true).append(true).open(file)?),
        };
        let (lines, waiting) = sync_channel(LINES_MAX);
        let writer = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write_lines(&waiting, out))?;
        Ok(Self { lines: Some(lines), dropped: AtomicU64::new(0), writer: Some(writer) })
    }

    pub(crate) const fn is_on(&self) -> bool {
        self.lines.is_some()
    }

    /// Lines that could not be kept.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, entry: &Entry<'_>) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send(entry.to_json()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the access log's thread panicked");
        }
    }
}

fn write_lines(waiting: &Receiver<String>, out: Box<dyn Write + Send>) {
    let mut out = io::BufWriter::with_capacity(64 * 1024, out);
    while let Ok(line) = waiting.recv() {
        let mut written = out.write_all(line.as_bytes());
        // What else is waiting goes out with it, in one piece.
        while let Ok(line) = waiting.try_recv() {
            written = written.and_then(|()| out.write_all(line.as_bytes()));
        }
        if let Err(error) = written.and_then(|()| out.flush()) {
            tracing::error!(%error, "the access log cannot be written");
        }
    }
}

impl Entry<'_> {
    fn to_json(&self) -> String {
        let Self { line, sent, .. } = self;
        let mut out = String::with_capacity(384);
        let micros = |time: Duration| time.as_micros();
        let begun = write!(out, "{{\"time\":\"{}\"", self.time);
        let mut text = |name: &str, value: &str| {
            out.push_str(",\"");
            out.push_str(name);
            out.push_str("\":");
            push_json(&mut out, value);
        };
        text("method", line.method.as_str());
        text("host", &line.host);
        text("path", &line.path);
        text("client", &line.client);
        for (name, value) in [
            ("route", self.route),
            ("upstream", line.upstream.as_deref()),
            ("reason", self.reason),
            ("detail", line.detail.as_deref()),
            ("trace", line.trace.as_ref().and_then(|id| std::str::from_utf8(id).ok())),
            ("span", line.span.as_ref().and_then(|id| std::str::from_utf8(id).ok())),
        ] {
            if let Some(value) = value {
                text(name, value);
            }
        }
        let ended = writeln!(
            out,
            ",\"status\":{},\"bytes\":{},\"complete\":{},\"micros\":{},\"upstream_micros\":{},\"tries\":{},\"fell_back\":{}}}",
            sent.status.as_u16(),
            sent.bytes,
            sent.complete,
            micros(self.took),
            micros(self.upstream_wait),
            self.tries,
            line.fell_back,
        );
        debug_assert!(begun.is_ok() && ended.is_ok(), "a string takes everything");
        out
    }
}

fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let escaped = write!(out, "\\u{:04x}", u32::from(control));
                debug_assert!(escaped.is_ok(), "a string takes everything");
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}
