//! A line of JSON for every request.
//!
//! Lines are put together in a buffer that all workers share and written by a thread of its own, which
//! looks at it every now and then, or when there is much in it: waking it for each line would cost more
//! than the line. The buffer is bounded: when the disk cannot keep up, lines are dropped and counted
//! rather than requests held.

mod line;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) use line::Entry;
use line::Stamp;

/// Bytes waiting to be written.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// So many bytes are written at once, without waiting for the time.
const BYTES_MANY: usize = 256 * 1024;
/// How long a line waits at most, if the disk keeps up.
const PAUSE: Duration = Duration::from_millis(100);

/// Where lines go, if anywhere.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    waiting: Option<Arc<Waiting>>,
    dropped: AtomicU64,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Waiting {
    buffer: Mutex<Buffer>,
    much: Condvar,
}

#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    stamp: Stamp,
    closed: bool,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().expect("nobody panics while holding the lines")
    }
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
        let waiting = Arc::new(Waiting::default());
        let writer = std::thread::Builder::new().name("access-log".to_owned()).spawn({
            let waiting = Arc::clone(&waiting);
            move || write_lines(&waiting, out)
        })?;
        Ok(Self { waiting: Some(waiting), dropped: AtomicU64::new(0), writer: Some(writer) })
    }

    pub(crate) const fn is_on(&self) -> bool {
        self.waiting.is_some()
    }

    /// Lines that could not be kept.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, entry: &Entry<'_>) {
        let Some(waiting) = &self.waiting else { return };
        let mut buffer = waiting.lock();
        let before = buffer.bytes.len();
        if before >= BYTES_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Buffer { bytes, stamp, .. } = &mut *buffer;
        entry.write(bytes, stamp);
        let much = before < BYTES_MANY && bytes.len() >= BYTES_MANY;
        drop(buffer);
        if much {
            waiting.much.notify_one();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.lock().closed = true;
            waiting.much.notify_one();
        }
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the access log's thread panicked");
        }
    }
}

fn write_lines(waiting: &Waiting, mut out: Box<dyn Write + Send>) {
    let mut writing = Vec::new();
    loop {
        let buffer = waiting.lock();
        let idle = |buffer: &mut Buffer| buffer.bytes.len() < BYTES_MANY && !buffer.closed;
        let (mut buffer, _) = waiting
            .much
            .wait_timeout_while(buffer, PAUSE, idle)
            .expect("nobody panics while holding the lines");
        std::mem::swap(&mut buffer.bytes, &mut writing);
        let closed = buffer.closed;
        drop(buffer);
        if !writing.is_empty()
            && let Err(error) = out.write_all(&writing).and_then(|()| out.flush())
        {
            tracing::error!(%error, "the access log cannot be written");
        }
        writing.clear();
        if closed {
            return;
        }
    }
}
