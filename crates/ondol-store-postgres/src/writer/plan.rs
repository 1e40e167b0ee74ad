//! What is written of a group, and what each append in it is told.
//!
//! The appends are taken in turn, as if each had the log for itself: a later one finds the
//! streams, the outcomes, the tags and the end of the log as the earlier ones leave them. One
//! that must not be made is told so and leaves nothing behind. Nothing here waits or asks.

mod recorded;

use std::collections::HashMap;

use ondol_kernel::{
    CommandId, EventId, EventType, Metadata, Payload, Position, StreamId, Tag, Version,
};
use ondol_store::{
    Append, AppendError, Appended, Condition, InvalidAppend, LogEpoch, Outcome, StreamWrite,
};
use uuid::Uuid;

use super::known::Known;
use super::remembered::{Remembered, Standing};
use super::work::{AppendJob, Verdicts, Work};

/// What is written, and what everyone is told once it is.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) events: Vec<Placed<'a>>,
    /// Streams that have no number yet, and the one each gets.
    pub(super) new_streams: Vec<(i64, &'a StreamId)>,
    pub(super) verdicts: Verdicts,
    standings: HashMap<&'a StreamId, Standing>,
    head: Position,
}

/// An event with its place.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) position: Position,
    pub(super) stream: i64,
    pub(super) version: Version,
    pub(super) id: EventId,
    pub(super) event_type: &'a EventType,
    pub(super) schema_version: u32,
    pub(super) tags: &'a [Tag],
    pub(super) metadata: &'a str,
    pub(super) data: &'a Payload,
    /// The command whose first event this is, and how many it has.
    pub(super) effect: Option<(CommandId, usize)>,
}

/// A group that may have been committed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: Uuid,
    pub(super) epoch: LogEpoch,
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) standings: Vec<(StreamId, Standing)>,
}

/// Plans what is written of the work.
pub(super) fn plan<'a>(
    work: &'a Work,
    known: &'a Known,
    remembered: &Remembered,
    limits: &ondol_store::Limits,
) -> Plan<'a> {
    let mut draft = Draft::new(known, remembered);
    let verdicts = match work {
        Work::Appends(jobs) => {
            let mut conditions = 0;
            let mut verdicts = Vec::with_capacity(jobs.len());
            for job in jobs {
                verdicts.push(draft.append(job, conditions));
                conditions += job.append.conditions.len();
            }
            Verdicts::Appends(verdicts)
        }
        Work::Recorded(job) => Verdicts::Recorded(draft.recorded(job, limits)),
    };
    let Draft { events, new_streams, standings, head, .. } = draft;
    Plan { events, new_streams, verdicts, standings, head }
}

impl Plan<'_> {
    /// The group that this becomes, if it writes anything.
    pub(super) fn group(&self, id: Uuid, epoch: LogEpoch) -> Option<Group> {
        let first = self.events.first()?.position;
        let standings =
            self.standings.iter().map(|(stream, stands)| ((*stream).clone(), *stands)).collect();
        Some(Group { id, epoch, first, last: self.head, standings })
    }
}

/// A plan that is being made.
struct Draft<'a, 'r> {
    known: &'a Known,
    remembered: &'r Remembered,
    head: Position,
    last_stream: i64,
    events: Vec<Placed<'a>>,
    new_streams: Vec<(i64, &'a StreamId)>,
    /// Streams that were written to.
    standings: HashMap<&'a StreamId, Standing>,
    outcomes: HashMap<CommandId, Outcome>,
    /// Events of this group by tag, as indexes.
    tagged: HashMap<&'a Tag, Vec<usize>>,
}

impl<'a, 'r> Draft<'a, 'r> {
    fn new(known: &'a Known, remembered: &'r Remembered) -> Self {
        Self {
            known,
            remembered,
            head: known.head,
            last_stream: known.last_stream,
            events: Vec::new(),
            new_streams: Vec::new(),
            standings: HashMap::new(),
            outcomes: HashMap::new(),
            tagged: HashMap::new(),
        }
    }

    /// Checks an append in the order of the port, and places its events.
    fn append(&mut self, job: &'a AppendJob, conditions: usize) -> Result<Appended, AppendError> {
        let append = &job.append;
        if let Some(outcome) = append.command.and_then(|command| self.outcome(command)) {
            return Ok(Appended { outcome: outcome.clone(), repeated: true });
        }
        append.writes.iter().try_for_each(|write| self.expect(write))?;
        for (number, condition) in (conditions..).zip(&append.conditions) {
            self.check(condition, self.known.broken.get(&number).copied())?;
        }
        let outcome = self.place(append, &job.metadata);
        if let Some(command) = append.command {
            self.outcomes.insert(command, outcome.clone());
        }
        Ok(Appended { outcome, repeated: false })
    }

    fn outcome(&self, command: CommandId) -> Option<&Outcome> {
        self.outcomes.get(&command).or_else(|| self.known.outcomes.get(&command))
    }

    fn standing(&self, stream: &StreamId) -> Option<Standing> {
        let placed = self.standings.get(stream).copied();
        let looked_up = || self.known.streams.get(stream).copied();
        placed.or_else(looked_up).or_else(|| self.remembered.get(stream))
    }

    fn expect(&self, write: &StreamWrite) -> Result<(), AppendError> {
        let found = self.standing(&write.stream).map_or(Version::EMPTY, |stands| stands.version);
        if write.expected.is_met_by(found) {
            return Ok(());
        }
        let (stream, expected) = (write.stream.clone(), write.expected);
        Err(AppendError::Conflict { stream, expected, found })
    }

    fn check(&self, condition: &Condition, broken: Option<Position>) -> Result<(), AppendError> {
        if condition.after > self.head {
            let (asked, head) = (condition.after, self.head);
            return Err(InvalidAppend::ConditionAhead { asked, head }.into());
        }
        let broken = broken.or_else(|| self.broken_here(condition));
        broken.map_or(Ok(()), |at| Err(AppendError::ConditionBroken { at }))
    }

    /// The first event of this group that breaks a condition.
    fn broken_here(&self, condition: &Condition) -> Option<Position> {
        let tagged = self.tagged.get(condition.tags.first()?)?;
        let breaks = |event: &&Placed<'_>| {
            event.position > condition.after
                && (condition.types.is_empty() || condition.types.contains(event.event_type))
                && condition.tags.iter().all(|tag| event.tags.contains(tag))
        };
        tagged.iter().map(|at| &self.events[*at]).find(breaks).map(|event| event.position)
    }

    fn place(&mut self, append: &'a Append, metadata: &'a [String]) -> Outcome {
        let first = self.events.len();
        let mut effect = append.command.map(|command| (command, append.event_count()));
        let mut metadata = metadata.iter();
        for write in &append.writes {
            for event in &write.events {
                let (position, stands) = self.draw(&write.stream);
                self.put(Placed {
                    position,
                    stream: stands.id,
                    version: stands.version,
                    id: event.id,
                    event_type: &event.event_type,
                    schema_version: event.schema_version.get(),
                    tags: &event.metadata.tags,
                    metadata: metadata.next().expect("each event comes with its metadata"),
                    data: &event.data,
                    effect: effect.take(),
                });
            }
        }
        self.outcome_of(append, first)
    }

    /// The next position of the log and of a stream, which gets a number if it has none.
    fn draw(&mut self, stream: &'a StreamId) -> (Position, Standing) {
        self.head = self.head.next();
        let mut stands = self.standing(stream).unwrap_or_else(|| {
            self.last_stream += 1;
            self.new_streams.push((self.last_stream, stream));
            Standing { id: self.last_stream, version: Version::EMPTY }
        });
        stands.version = stands.version.next();
        self.standings.insert(stream, stands);
        (self.head, stands)
    }

    fn put(&mut self, event: Placed<'a>) {
        for tag in event.tags {
            self.tagged.entry(tag).or_default().push(self.events.len());
        }
        self.events.push(event);
    }

    /// What came of an append whose events were placed from an index on.
    fn outcome_of(&self, append: &Append, first: usize) -> Outcome {
        let placed = &self.events[first];
        let write = &append.writes[0];
        let count = u64::try_from(append.event_count()).expect("appends are bounded");
        // Only the type, the position and the data are looked at.
        let event = ondol_kernel::Recorded {
            position: placed.position,
            stream: write.stream.clone(),
            version: placed.version,
            id: placed.id,
            event_type: placed.event_type.clone(),
            schema_version: write.events[0].schema_version,
            metadata: Metadata::default(),
            data: placed.data.clone(),
        };
        Outcome::of(&event, count)
    }
}

#[cfg(test)]
mod tests;
