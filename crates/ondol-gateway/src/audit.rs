//! What was asked and answered, written down line by line, with personal data masked by rule.
//!
//! A request of a route that is written down takes a place in its log before anything is done for it,
//! and gives it back when its answer has gone out and is written. Where there is no place, it is refused,
//! or served and counted, as configured. So what waits is bounded: places, and bytes of each.
//!
//! A line is masked and written by the log's own thread. What could not be written is tried again until
//! it is; meanwhile places run out. With `chain` each line has the hash of itself and all before it.

mod chain;
mod file;
mod line;
mod mask;
mod patterns;
mod writer;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderMap, Method, Response, StatusCode};
use ondol_kernel::Timestamp;
use tokio::sync::mpsc;

use crate::body::{Body, Noted};
use crate::canonical::Target;
use crate::config::{AuditOptions, RouteAuditOptions, WhenFull};
use crate::problem::Problem;

pub use chain::{VerifyLinesError, verify_lines};
pub(crate) use line::{Entry, Said, is_json};
pub(crate) use mask::{Path, Rules};

use file::LogFile;

/// Who hears of what is written down.
pub(crate) trait Audience: Send + Sync {
    /// It was asked and answered.
    fn hear(&self, entry: &Entry);
}

/// An audit log that is open. It outlives configurations that have a log of its name.
pub(crate) struct AuditLog {
    shared: Arc<Shared>,
    sender: Option<mpsc::Sender<Entry>>,
    thread: Option<JoinHandle<()>>,
}

/// What the log and its writer share.
pub(crate) struct Shared {
    name: String,
    settings: ArcSwap<Settings>,
    written: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
}

struct Settings {
    options: AuditOptions,
    rules: Rules,
}

impl Settings {
    fn new(options: &AuditOptions) -> io::Result<Self> {
        let rules = Rules::new(&options.mask);
        let rules = rules.ok_or_else(|| io::Error::other("a place to mask is none"))?;
        Ok(Self { options: options.clone(), rules })
    }
}

impl Shared {
    fn written(&self, entries: usize) {
        self.written.fetch_add(crate::body::wide(entries), Ordering::Relaxed);
    }

    fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    fn lost(&self, entries: usize) {
        self.lost.fetch_add(crate::body::wide(entries), Ordering::Relaxed);
    }
}

impl AuditLog {
    /// Opens a log.
    ///
    /// # Errors
    /// Its file cannot be opened, or the thread not started.
    pub(crate) fn open(
        name: &str,
        options: &AuditOptions,
        audience: Arc<dyn Audience>,
    ) -> io::Result<Self> {
        let file = LogFile::open(&options.file)?;
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            settings: ArcSwap::from_pointee(Settings::new(options)?),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let (sender, mut entries) = mpsc::channel(options.waiting_max.max(1));
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || writer::run(&shared, file, &mut entries, &audience)
        })?;
        Ok(Self { shared, sender: Some(sender), thread: Some(thread) })
    }

    /// From now on it is kept like this. How many may wait stays as it was at the start.
    ///
    /// # Errors
    /// It cannot be kept like this; then it is kept as before.
    pub(crate) fn renew(&self, options: &AuditOptions) -> io::Result<()> {
        if self.shared.settings.load().options != *options {
            self.shared.settings.store(Arc::new(Settings::new(options)?));
        }
        Ok(())
    }

    /// A place for a request, if there is one or need not be.
    pub(crate) fn place(&self) -> Result<Option<mpsc::OwnedPermit<Entry>>, Problem> {
        let Some(sender) = &self.sender else { return Ok(None) };
        match (sender.clone().try_reserve_owned(), self.shared.settings.load().options.when_full) {
            (Ok(permit), _) => Ok(Some(permit)),
            (Err(_), WhenFull::Refuse) => Err(Problem::AuditFull),
            (Err(_), WhenFull::Drop) => {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            }
        }
    }

    /// Writes what is counted.
    pub(crate) fn write(&self, out: &mut String) -> std::fmt::Result {
        use std::fmt::Write as _;
        let shared = &self.shared;
        let counters = [
            ("lines", &shared.written),
            ("dropped", &shared.dropped),
            ("failures", &shared.failed),
            ("lost", &shared.lost),
        ];
        for (what, counter) in counters {
            let number = counter.load(Ordering::Relaxed);
            let name = &shared.name;
            writeln!(out, "ondol_gateway_audit_{what}_total{{audit=\"{name}\"}} {number}")?;
        }
        Ok(())
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of an audit log has panicked");
        }
    }
}

/// What is written down of a route.
#[derive(Clone)]
pub(crate) struct RouteAudit {
    pub(crate) log: Arc<AuditLog>,
    bodies: bool,
    body_bytes_max: u64,
}

/// A request that will be written down, whatever becomes of it.
pub(crate) struct Auditing {
    permit: Option<mpsc::OwnedPermit<Entry>>,
    entry: Option<Entry>,
    bodies: Option<u64>,
    asked: Arc<Mutex<Option<Noted>>>,
    answered: Arc<Mutex<Option<Noted>>>,
    /// Held, so that the log outlives those who will be written down in it.
    _log: Arc<AuditLog>,
}

/// What is known of a request when it comes.
pub(crate) struct Begun<'a> {
    pub(crate) time: Timestamp,
    pub(crate) route: &'a Arc<str>,
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    pub(crate) client: IpAddr,
    pub(crate) headers: &'a HeaderMap,
}

impl RouteAudit {
    /// What a route says, and its log.
    pub(crate) fn new(options: &RouteAuditOptions, log: &Arc<AuditLog>) -> Self {
        let RouteAuditOptions { bodies, body_bytes_max, .. } = *options;
        Self { log: Arc::clone(log), bodies, body_bytes_max }
    }

    /// Takes a place for a request; none, if it is not written down.
    pub(crate) fn begin(&self, begun: &Begun<'_>) -> Result<Option<Box<Auditing>>, Problem> {
        let Some(permit) = self.log.place()? else { return Ok(None) };
        let entry = Entry {
            time: begun.time,
            route: Arc::clone(begun.route),
            method: begun.method.clone(),
            target: begun.target.clone(),
            client: begun.client,
            asked: Said { headers: begun.headers.clone(), body: None },
            answered: None,
            reason: None,
            took: Duration::ZERO,
            complete: false,
        };
        Ok(Some(Box::new(Auditing {
            permit: Some(permit),
            entry: Some(entry),
            bodies: self.bodies.then_some(self.body_bytes_max),
            asked: Arc::default(),
            answered: Arc::default(),
            _log: Arc::clone(&self.log),
        })))
    }
}

impl Auditing {
    /// Listens to the request's body.
    pub(crate) fn hear_request(&self, body: Body) -> Body {
        hear(self.bodies, &self.asked, body)
    }

    /// What the gateway has found out about who asks.
    pub(crate) fn identify(
        &mut self,
        headers: &HeaderMap,
        ours: impl Fn(&http::HeaderName) -> bool,
    ) {
        let Some(entry) = &mut self.entry else { return };
        for (name, value) in headers.iter().filter(|(name, _)| ours(name)) {
            entry.asked.headers.insert(name.clone(), value.clone());
        }
    }

    /// Listens to the answer.
    pub(crate) fn hear_answer(&mut self, response: Response<Body>) -> Response<Body> {
        if let Some(entry) = &mut self.entry {
            let said = Said { headers: response.headers().clone(), body: None };
            entry.answered = Some((response.status(), said));
        }
        // A tunnel is no body.
        match response.status() == StatusCode::SWITCHING_PROTOCOLS {
            true => response,
            false => response.map(|body| hear(self.bodies, &self.answered, body)),
        }
    }

    /// The answer has gone out.
    pub(crate) fn finish(&mut self, took: Duration, complete: bool, reason: Option<&'static str>) {
        if let Some(entry) = &mut self.entry {
            (entry.took, entry.complete, entry.reason) = (took, complete, reason);
        }
        self.hand_over();
    }

    fn hand_over(&mut self) {
        let (Some(permit), Some(mut entry)) = (self.permit.take(), self.entry.take()) else {
            return;
        };
        let noted = |noted: &Mutex<Option<Noted>>| {
            noted.lock().expect("nobody panics while holding notes").take()
        };
        let cut = || Noted::Cut(bytes::Bytes::new());
        if self.bodies.is_some() {
            entry.asked.body = Some(noted(&self.asked).unwrap_or_else(cut));
            if let Some((_, said)) = &mut entry.answered {
                said.body = Some(noted(&self.answered).unwrap_or_else(cut));
            }
        }
        drop(permit.send(entry));
    }
}

impl Drop for Auditing {
    fn drop(&mut self) {
        self.hand_over();
    }
}

fn hear(bodies: Option<u64>, into: &Arc<Mutex<Option<Noted>>>, body: Body) -> Body {
    let Some(bytes_max) = bodies else { return body };
    let into = Arc::clone(into);
    body.noting(bytes_max, move |noted| {
        *into.lock().expect("nobody panics while holding notes") = Some(noted);
    })
}

#[cfg(test)]
mod tests;
