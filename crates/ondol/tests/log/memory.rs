//! Logs in memory, found by name, and the verbs run on them.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clap::Parser;
use ondol::{
    LogAddress, LogCommand, LogFailure, Logs, Mended, OpenFailure, Purpose, Terminal, Verified,
};
use ondol_kernel::{CommandId, EventId, EventType, Metadata, NewEvent, Payload, Position};
use ondol_kernel::{SchemaVersion, StreamId, Tag};
use ondol_store::{EventStore, Limits, LogEpoch, MemoryStore, ReadAll, Replica};

#[derive(Debug, Default)]
pub(crate) struct MemoryLogs {
    logs: Mutex<BTreeMap<String, Arc<MemoryStore>>>,
}

#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Command {
    #[command(flatten)]
    log: LogCommand,
}

pub(crate) fn parse(arguments: &str) -> Result<LogCommand, clap::Error> {
    Command::try_parse_from(arguments.split_whitespace()).map(|command| command.log)
}

pub(crate) fn command(number: u64) -> CommandId {
    CommandId::named(&format!("command {number}"))
}

pub(crate) fn stream(kind: &str, key: u64) -> StreamId {
    StreamId::new(kind, key).expect("a good name")
}

fn event(name: &str, data: String) -> NewEvent {
    use std::sync::atomic::{AtomicU64, Ordering};
    static MADE: AtomicU64 = AtomicU64::new(1);
    NewEvent {
        id: EventId::from_u128(MADE.fetch_add(1, Ordering::Relaxed).into()),
        event_type: EventType::new(name).expect("a good name"),
        schema_version: SchemaVersion::FIRST,
        metadata: Metadata::default(),
        data: Payload::json(data),
    }
}

pub(crate) fn deposit(amount: u64) -> NewEvent {
    event("account.deposited", format!("{{\"amount\":{amount}}}"))
}

pub(crate) fn tagged(tag: &str) -> NewEvent {
    let mut event = event("customer.named", "{}".to_owned());
    event.metadata.tags = vec![Tag::new(tag).expect("a good tag")];
    event
}

impl MemoryLogs {
    pub(crate) fn log(&self, name: &str) -> Arc<MemoryStore> {
        let mut logs = self.logs.lock().expect("nobody panics here");
        let made = || Arc::new(MemoryStore::new(LogEpoch::named(name), Limits::default()));
        Arc::clone(logs.entry(name.to_owned()).or_insert_with(made))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.logs.lock().expect("nobody panics here").contains_key(name)
    }

    pub(crate) async fn run(&self, arguments: &str) -> Result<String, LogFailure> {
        let mut told = Vec::new();
        self.run_into(arguments, &mut told).await?;
        Ok(String::from_utf8(told).expect("answers are text"))
    }

    async fn run_into(&self, arguments: &str, out: &mut dyn Write) -> Result<(), LogFailure> {
        let command = parse(arguments).expect("the arguments are good");
        let output = command.output();
        command.run(self, &mut Terminal { out, output, shows_progress: false }).await
    }

    /// Runs a verb that does not end by itself until so many lines were written.
    pub(crate) async fn run_until(
        &self,
        arguments: &str,
        lines: usize,
        meanwhile: impl Future<Output = ()>,
    ) -> String {
        let mut pipe = ClosingPipe { told: Vec::new(), lines };
        let (ended, ()) = tokio::join!(self.run_into(arguments, &mut pipe), meanwhile);
        assert!(ended.expect_err("the pipe was closed").is_closed_pipe());
        String::from_utf8(pipe.told).expect("answers are text")
    }

    pub(crate) async fn fails(&self, arguments: &str, code: &str) -> LogFailure {
        let failure = self.run(arguments).await.expect_err("it cannot be done");
        assert_eq!(failure.code(), code, "{failure:?}");
        failure
    }

    pub(crate) async fn assert_same(&self, one: &str, other: &str) {
        assert!(self.all(one).await == self.all(other).await, "the copy is not exact");
    }

    async fn all(&self, name: &str) -> Vec<ondol_kernel::Envelope> {
        let (log, mut events) = (self.log(name), Vec::new());
        let mut after = Position::START;
        loop {
            let page = log.read_all(ReadAll::after(after, usize::MAX)).await.expect("in memory");
            after = page.seen;
            events.extend(page.events);
            if page.seen == page.head {
                return events;
            }
        }
    }
}

#[async_trait]
impl Logs for MemoryLogs {
    async fn open(
        &self,
        address: &LogAddress,
        purpose: Purpose,
    ) -> Result<Arc<dyn Replica>, OpenFailure> {
        let name = address.to_string().replace("disk:", "");
        if purpose == Purpose::Reading && !self.exists(&name) {
            return Err(OpenFailure { code: "log-not-found", source: "nothing is there".into() });
        }
        Ok(self.log(&name))
    }

    async fn verify(&self, address: &LogAddress) -> Result<Verified, LogFailure> {
        let opened = self.open(address, Purpose::Reading).await;
        Verified::by_reading(&*opened.expect("the log is there")).await
    }

    async fn repair(&self, _: &LogAddress, _: Position) -> Result<Mended, LogFailure> {
        Err(LogFailure::NotMended { engine: "memory" })
    }
}

/// A reader that has seen enough after so many lines.
struct ClosingPipe {
    told: Vec<u8>,
    lines: usize,
}

impl Write for ClosingPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.told.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let lines = self.told.iter().filter(|byte| **byte == b'\n').count();
        if lines < self.lines { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}

/// A folder that goes with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = std::thread::current().name().map(str::to_owned).unwrap_or_default();
        let path = std::env::temp_dir().join(format!("ondol-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("there is room for a folder");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("there is room for a file");
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder is this test's own");
    }
}
