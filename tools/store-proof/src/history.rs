//! What was asked of a log and what it answered, and whether what it holds agrees.

use std::collections::{BTreeMap, HashMap};

use ondol_kernel::{CommandId, Envelope, EventId, Position, StreamId, Version};
use ondol_store::{EventStore, Outcome, ReadAll, ReadStream};

/// What is known of one append.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) events: Vec<EventId>,
    pub(crate) command: Option<CommandId>,
    pub(crate) answer: Answer,
}

/// What the log answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is recorded from this position on.
    Acknowledged(Position),
    /// It is not recorded, and never will be.
    Refused,
    /// Nobody knows: the log has stopped, or there was no answer.
    Unknown,
}

/// Everything that was asked, and what subscribers were told.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) asked: Vec<Asked>,
    pub(crate) delivered: Vec<(Position, EventId)>,
}

impl History {
    pub(crate) fn count(&self, is_it: impl Fn(Answer) -> bool) -> u64 {
        self.asked.iter().filter(|asked| is_it(asked.answer)).count() as u64
    }

    /// Checks a log against the history; answers what does not agree.
    ///
    /// # Errors
    /// When the log does not let itself be read.
    pub(crate) async fn check(&self, store: &dyn EventStore) -> anyhow::Result<Vec<String>> {
        let (log, endless) = read(store).await?;
        let mut wrong = dense(&log);
        wrong.extend(endless);
        let found: HashMap<EventId, Position> =
            log.iter().map(|event| (event.id, event.position)).collect();
        if found.len() != log.len() {
            wrong.push("an event stands in the log twice".to_owned());
        }
        wrong.extend(self.asked.iter().filter_map(|asked| asked.disagrees(&found)));
        for (position, id) in &self.delivered {
            if found.get(id) != Some(position) {
                wrong.push(format!(
                    "a subscriber saw {id} at {position}, found {:?}",
                    found.get(id)
                ));
            }
        }
        wrong.extend(self.check_commands(store, &found).await?);
        wrong.extend(check_streams(store, &log).await?);
        Ok(wrong)
    }

    async fn check_commands(
        &self,
        store: &dyn EventStore,
        found: &HashMap<EventId, Position>,
    ) -> anyhow::Result<Vec<String>> {
        let mut wrong = Vec::new();
        for asked in &self.asked {
            let Some(command) = asked.command else { continue };
            let stands = asked.events.first().and_then(|id| found.get(id)).copied();
            let first = match store.outcome(command).await? {
                Some(Outcome::Accepted { first, .. }) => Some(first),
                _ => None,
            };
            if stands.is_some() && first != stands {
                wrong.push(format!(
                    "command {command} stands at {stands:?}, its outcome says {first:?}"
                ));
            }
        }
        Ok(wrong)
    }
}

impl Asked {
    fn disagrees(&self, found: &HashMap<EventId, Position>) -> Option<String> {
        let there = self.events.iter().filter(|id| found.contains_key(id)).count();
        let first = self.events.first()?;
        let all = self.events.len();
        match self.answer {
            Answer::Acknowledged(at) => {
                let mut expected = at;
                for id in &self.events {
                    if found.get(id) != Some(&expected) {
                        let at = found.get(id);
                        return Some(format!(
                            "LOST: {id} was acknowledged at {expected}, found {at:?}"
                        ));
                    }
                    expected = expected.next();
                }
                None
            }
            Answer::Refused if there > 0 => {
                Some(format!("PHANTOM: {first} was refused and is there"))
            }
            Answer::Unknown if there != 0 && there != all => {
                Some(format!("TORN: of the append of {first} {there} of {all} events are there"))
            }
            Answer::Refused | Answer::Unknown => None,
        }
    }
}

/// The whole log, and whether whoever reads it comes to an end.
async fn read(store: &dyn EventStore) -> anyhow::Result<(Vec<Envelope>, Option<String>)> {
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(ReadAll::after(after, 1000)).await?;
        all.extend(page.events);
        if page.seen >= page.head {
            return Ok((all, None));
        }
        if page.seen <= after {
            let head = page.head;
            return Ok((
                all,
                Some(format!("ENDLESS: a page after {after} of {head} goes nowhere")),
            ));
        }
        after = page.seen;
    }
}

fn dense(log: &[Envelope]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut versions: HashMap<&StreamId, u64> = HashMap::new();
    for (at, event) in log.iter().enumerate() {
        if event.position.get() != at as u64 + 1 {
            wrong.push(format!("position {} stands where {} was due", event.position, at + 1));
        }
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        if event.version.get() != *version {
            let (found, stream) = (event.version, &event.stream);
            wrong.push(format!("version {found} of {stream} stands where {version} was due"));
        }
    }
    wrong
}

/// Each stream reads as the log has it.
async fn check_streams(store: &dyn EventStore, log: &[Envelope]) -> anyhow::Result<Vec<String>> {
    let mut streams: BTreeMap<&StreamId, Vec<EventId>> = BTreeMap::new();
    for event in log {
        streams.entry(&event.stream).or_default().push(event.id);
    }
    let mut wrong = Vec::new();
    for (stream, expected) in streams {
        let mut found: Vec<EventId> = Vec::new();
        loop {
            let next = Version::new(found.len() as u64 + 1);
            let read = ReadStream::forward(stream.clone(), 1_000).from(next);
            let page = store.read_stream(read).await?;
            if page.is_empty() {
                break;
            }
            found.extend(page.iter().map(|event| event.id));
        }
        if found != expected {
            wrong.push(format!(
                "{stream} has {} events, the log has {}",
                found.len(),
                expected.len()
            ));
        }
    }
    Ok(wrong)
}
