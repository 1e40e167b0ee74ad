//! `ondol log stats`: what the log holds, counted by reading it once.
//!
//! Memory stays bounded however large the log is: streams are counted by their first events, and
//! of kinds and types only so many are told apart.

use std::collections::BTreeMap;

use clap::Args;
use ondol_kernel::{CommandId, Envelope, Position, Timestamp, Version};
use ondol_store::{Filter, LogEpoch};
use serde::Serialize;

use super::progress::Progress;
use super::{LogFailure, Logs, Output, Purpose, Terminal, WhichLog, follow};

/// How many kinds and how many types are told apart; the rest are counted together.
const NAMES_MAX: usize = 1_000;
/// What the rest are called.
const REST: &str = "(others)";

/// Counts what the log holds.
#[derive(Debug, Args)]
pub(super) struct Stats {
    #[command(flatten)]
    log: WhichLog,
}

#[derive(Debug, Default, Serialize)]
struct Counted {
    events: u64,
    data_bytes: u64,
    largest_data_bytes: u64,
    streams: u64,
    commands: u64,
    longest_stream: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    kinds: BTreeMap<String, Share>,
    types: BTreeMap<String, Share>,
    #[serde(skip)]
    last_command: Option<CommandId>,
}

/// How much of the log is of one kind or type.
#[derive(Debug, Default, Serialize)]
struct Share {
    events: u64,
    data_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Answer {
    log: String,
    epoch: LogEpoch,
    head: Position,
    #[serde(flatten)]
    counted: Counted,
}

impl Counted {
    fn count(&mut self, event: &Envelope) {
        let bytes = u64::try_from(event.data.bytes.len()).unwrap_or(u64::MAX);
        self.events += 1;
        self.data_bytes += bytes;
        self.largest_data_bytes = self.largest_data_bytes.max(bytes);
        self.streams += u64::from(event.version == Version::new(1));
        self.longest_stream = self.longest_stream.max(event.version.get());
        let command = event.metadata.command;
        self.commands += u64::from(command.is_some() && command != self.last_command);
        self.last_command = command;
        let time = event.metadata.time;
        self.first_time = Some(self.first_time.map_or(time, |first| first.min(time)));
        self.last_time = Some(self.last_time.map_or(time, |last| last.max(time)));
        add(&mut self.kinds, event.stream.kind(), bytes);
        add(&mut self.types, event.event_type.as_str(), bytes);
    }
}

fn add(shares: &mut BTreeMap<String, Share>, name: &str, bytes: u64) {
    let is_known = shares.contains_key(name) || shares.len() < NAMES_MAX;
    let share = shares.entry(if is_known { name } else { REST }.to_owned()).or_default();
    share.events += 1;
    share.data_bytes += bytes;
}

impl Stats {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let address = self.log.address();
        let log = follow::open(logs, address, Purpose::Reading).await?;
        let head = log.head().await?;
        let progress = Progress::new(terminal, Position::START, head.position);
        let mut counted = Counted::default();
        let everything = Filter::default();
        let pages = follow::each_page(&*log, Position::START, &everything, |page| {
            page.events.iter().for_each(|event| counted.count(event));
            progress.reached(page.seen);
            Ok(())
        });
        let head_seen = pages.await?;
        progress.done();
        let (log, epoch) = (address.to_string(), head.epoch);
        answer(&Answer { log, epoch, head: head_seen, counted }, terminal)
    }
}

fn answer(answer: &Answer, terminal: &mut Terminal<'_>) -> Result<(), LogFailure> {
    if terminal.output == Output::Json {
        return terminal.json(answer);
    }
    let counted = &answer.counted;
    let time =
        |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let lines = [
        ("log", answer.log.clone()),
        ("epoch", answer.epoch.to_string()),
        ("head", answer.head.to_string()),
        ("events", counted.events.to_string()),
        ("streams", counted.streams.to_string()),
        ("longest stream", counted.longest_stream.to_string()),
        ("commands", counted.commands.to_string()),
        ("bytes of data", counted.data_bytes.to_string()),
        ("largest data", counted.largest_data_bytes.to_string()),
        ("first time", time(counted.first_time)),
        ("last time", time(counted.last_time)),
    ];
    for (name, value) in lines {
        terminal.line(format_args!("{name:<16}{value}"))?;
    }
    shares("KIND", &counted.kinds, terminal)?;
    shares("TYPE", &counted.types, terminal)
}

fn shares(
    heading: &str,
    shares: &BTreeMap<String, Share>,
    terminal: &mut Terminal<'_>,
) -> Result<(), LogFailure> {
    terminal.line(format_args!("\n{heading:<32}{:>14}{:>16}", "EVENTS", "BYTES OF DATA"))?;
    for (name, Share { events, data_bytes }) in shares {
        terminal.line(format_args!("{name:<32}{events:>14}{data_bytes:>16}"))?;
    }
    Ok(())
}
