//! What a collector is told: OTLP over HTTP in protobuf, in batches, off the way of whoever works.
//!
//! What is to be sent waits in a queue with a limit; when the collector is slow or away the queue
//! runs full and the newest is left out and counted: telemetry never holds up what it tells of.

mod attribute;
mod lines;
mod numbers;
mod send;
mod spans;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol_doors::Clock;
use ondol_kernel::Timestamp;
use ondol_trace::Piece;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

pub(crate) use lines::record;

use send::Collector;

/// How many pieces of work and lines wait to be sent.
const WAITING_MAX: usize = 2_048;
/// How many spans and lines are sent at once.
const BATCH_MAX: usize = 512;
/// How often it is looked whether a batch is full, which is not kept waiting then.
const LOOK: Duration = Duration::from_millis(50);
/// How often a batch that was not taken is sent again.
const TRIES_MAX: u32 = 3;
/// How long is waited before it is.
const PAUSE: Duration = Duration::from_secs(1);

/// Where a collector is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpOptions {
    /// Its address, `http://127.0.0.1:4318`; empty where there is none. What is sent is not
    /// encrypted: a collector stands beside the process.
    pub url: String,
    /// For how many milliseconds traces and lines are gathered before they are sent.
    pub every_ms: u64,
    /// After how many milliseconds numbers are sent again.
    pub numbers_every_ms: u64,
}

impl Default for OtlpOptions {
    fn default() -> Self {
        Self { url: String::new(), every_ms: 1_000, numbers_every_ms: 15_000 }
    }
}

/// Hands over what is to be sent. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    news: mpsc::Sender<News>,
    left_out: Arc<AtomicU64>,
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) enum News {
    /// A piece of work.
    Piece(Arc<Piece>),
    /// A line.
    Line(Box<LogRecord>),
}

impl Outbox {
    /// Takes something along, unless too much waits already.
    pub(crate) fn take(&self, news: News) {
        if self.news.try_send(news).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

type Numbers = Arc<dyn Fn() -> String + Send + Sync>;

/// Sends to a collector what there is to tell.
pub struct Exporter {
    program: String,
    collector: Collector,
    every: Duration,
    numbers_every: Duration,
    clock: Arc<dyn Clock>,
    begun: Timestamp,
    news: mpsc::Receiver<News>,
    left_out: Arc<AtomicU64>,
    numbers: Option<Numbers>,
}

impl Exporter {
    /// One for a program of this name, and where what is to be sent is put.
    pub(crate) fn new(
        program: &str,
        options: &OtlpOptions,
        clock: Arc<dyn Clock>,
    ) -> (Self, Outbox) {
        let (outbox, news) = mpsc::channel(WAITING_MAX);
        let left_out = Arc::new(AtomicU64::new(0));
        let exporter = Self {
            program: program.to_owned(),
            collector: Collector::at(&options.url),
            every: Duration::from_millis(options.every_ms),
            numbers_every: Duration::from_millis(options.numbers_every_ms),
            begun: clock.now(),
            clock,
            news,
            left_out: Arc::clone(&left_out),
            numbers: None,
        };
        (exporter, Outbox { news: outbox, left_out })
    }

    /// The same, that also sends the numbers which are said in Prometheus' format.
    #[must_use]
    pub fn counting(mut self, numbers: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.numbers = Some(Arc::new(numbers));
        self
    }

    /// Sends until `stop` turns true, and then what is left.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut counted = self.clock.running();
        let mut sent = counted;
        loop {
            let is_over = tokio::select! {
                // Whoever could stop it is gone, or has done so: either way it ends.
                _ = stop.wait_for(|stop| *stop) => true,
                () = self.clock.sleep(self.every.min(LOOK)) => false,
            };
            let now = self.clock.running();
            let is_time = now.saturating_sub(sent) >= self.every;
            if is_over || is_time || self.news.len() >= BATCH_MAX {
                sent = now;
                self.send_all().await;
            }
            if is_over || now.saturating_sub(counted) >= self.numbers_every {
                counted = now;
                self.send_numbers().await;
            }
            if is_over {
                return;
            }
        }
    }

    async fn send_numbers(&self) {
        let Some(numbers) = &self.numbers else { return };
        let times = (nanos(self.begun), nanos(self.clock.now()));
        self.send("/v1/metrics", numbers::request(&self.program, &numbers(), times)).await;
    }

    async fn send_all(&mut self) {
        loop {
            let (mut pieces, mut lines, mut count) = (Vec::new(), Vec::new(), 0);
            while count < BATCH_MAX
                && let Ok(news) = self.news.try_recv()
            {
                match news {
                    News::Piece(piece) => {
                        count += piece.spans.len();
                        pieces.push(piece);
                    }
                    News::Line(line) => {
                        count += 1;
                        lines.push(*line);
                    }
                }
            }
            if count == 0 {
                break;
            }
            if !pieces.is_empty() {
                self.send("/v1/traces", spans::request(&self.program, &pieces)).await;
            }
            if !lines.is_empty() {
                self.send("/v1/logs", lines::request(&self.program, lines)).await;
            }
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            tracing::warn!(left_out, "the collector is too slow: something is not sent");
        }
    }

    async fn send(&self, path: &str, body: Vec<u8>) {
        for attempt in 1..=TRIES_MAX {
            match self.collector.send(path, body.clone(), self.clock.as_ref()).await {
                Ok(()) => return,
                Err(error) if error.may_pass() && attempt < TRIES_MAX => {
                    self.clock.sleep(PAUSE * attempt).await;
                }
                Err(error) => {
                    tracing::warn!(%error, path, "the collector has not taken something");
                    return;
                }
            }
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("collector", &self.collector).finish_non_exhaustive()
    }
}

/// A time as OTLP has it.
fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or_default().saturating_mul(1_000)
}

#[cfg(test)]
mod tests;
