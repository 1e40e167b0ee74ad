//! What has to be known of the log before a group can be written.

use std::collections::{HashMap, HashSet};

use ondol_kernel::{CommandId, EventType, Position, StreamId, Tag, Version};
use ondol_store::{BoxError, Condition, Outcome};
use tokio_postgres::Row;
use uuid::Uuid;

use super::remembered::{Remembered, Standing};
use super::work::Work;
use crate::fault::Unfit;
use crate::reads;
use crate::rows::{get, number, to_server};
use crate::sql::SEPARATOR;

/// What is asked about.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    /// Streams whose standing is not remembered.
    pub(super) streams: Vec<&'a str>,
    pub(super) commands: Vec<Uuid>,
    /// Conditions, one in each of the three.
    pub(super) tags: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) afters: Vec<i64>,
}

/// What is known, as of the moment the lock of the log was taken.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) head: Position,
    /// The number of the last stream that has one.
    pub(super) last_stream: i64,
    pub(super) streams: HashMap<StreamId, Standing>,
    pub(super) outcomes: HashMap<CommandId, Outcome>,
    /// The first event that breaks a condition, by the condition's number in the group.
    pub(super) broken: HashMap<usize, Position>,
}

impl<'a> Asked<'a> {
    /// What there is to know before the work can be done.
    pub(super) fn about(work: &'a Work, remembered: &Remembered) -> Self {
        let mut asked = Self::default();
        match work {
            Work::Appends(jobs) => {
                let writes = jobs.iter().flat_map(|job| &job.append.writes);
                asked.streams(writes.map(|write| &write.stream), remembered);
                asked.commands(jobs.iter().filter_map(|job| job.append.command));
                let conditions = jobs.iter().flat_map(|job| &job.append.conditions);
                conditions.for_each(|condition| asked.condition(condition));
            }
            Work::Recorded(job) => {
                asked.streams(job.events.iter().map(|event| &event.stream), remembered);
                asked.commands(job.events.iter().filter_map(|event| event.metadata.command));
            }
        }
        asked
    }

    fn streams(&mut self, named: impl Iterator<Item = &'a StreamId>, remembered: &Remembered) {
        let mut seen = HashSet::new();
        let unknown = named.filter(|name| remembered.get(name).is_none() && seen.insert(*name));
        self.streams = unknown.map(StreamId::as_str).collect();
    }

    fn commands(&mut self, named: impl Iterator<Item = CommandId>) {
        let mut seen = HashSet::new();
        let once = named.filter(|command| seen.insert(*command));
        self.commands = once.map(|command| Uuid::from_bytes(command.into_bytes())).collect();
    }

    fn condition(&mut self, condition: &Condition) {
        self.tags.push(joined(condition.tags.iter().map(Tag::as_str)));
        self.types.push(joined(condition.types.iter().map(EventType::as_str)));
        self.afters.push(to_server(condition.after.get()));
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push(SEPARATOR);
        }
        text.push_str(name);
    }
    text
}

impl Known {
    /// Takes in what the server answered about streams, commands and conditions.
    pub(super) fn take(&mut self, answers: &[Vec<Row>; 3]) -> Result<(), Unfit> {
        let [streams, commands, conditions] = answers;
        take(streams, "the table of streams", |row| self.take_stream(row))?;
        take(commands, "the record of a command", |row| {
            let (command, outcome) = reads::outcome(row)?;
            self.outcomes.insert(command, outcome);
            Ok(())
        })?;
        take(conditions, "the table of tags", |row| {
            let at = usize::try_from(number(row, 0)?.saturating_sub(1))?;
            self.broken.insert(at, Position::new(number(row, 1)?));
            Ok(())
        })
    }

    fn take_stream(&mut self, row: &Row) -> Result<(), BoxError> {
        let standing = Standing { id: get(row, 1)?, version: Version::new(number(row, 2)?) };
        self.streams.insert(get::<&str>(row, 0)?.parse()?, standing);
        Ok(())
    }
}

/// Takes in rows, all of which must be as they were written.
pub(super) fn take(
    rows: &[Row],
    what: &'static str,
    mut one: impl FnMut(&Row) -> Result<(), BoxError>,
) -> Result<(), Unfit> {
    rows.iter().try_for_each(|row| one(row).map_err(|_unread| Unfit::Corrupt { what }))
}
