//! Appends that wait for their group: their records, written but for their place, and what has
//! to be checked before they get one.
//!
//! A caller encodes its append into a draft of its own; joining the draft of the group is a copy
//! of a few hundred bytes. When the writer takes the group, the bytes lie as they will lie on
//! the disk. Nothing is allocated per append.

mod conditions;

use std::cell::RefCell;

use ondol_kernel::{CommandId, Envelope, Position, StreamId, Version};
use ondol_store::{Append, Expected, StreamWrite};

pub(crate) use self::conditions::{ConditionToCheck, Conditions};
use crate::format::{GROUP_HEADER, RecordDraft, length32};
use crate::key::{Fingerprint, Fingerprints, Key};

/// Some appends. The lists lie flat: each part says where its share of the next list ends.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Room for the header of a group, then records side by side.
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) records: Vec<RecordToPlace>,
    /// The commands that records are the effects of.
    pub(crate) commands: Vec<(CommandId, Key)>,
    pub(crate) sections: Vec<SectionToPlace>,
    pub(crate) tags: Vec<TagOfEvent>,
    pub(crate) conditions: Conditions,
    /// How many events there are in all.
    pub(crate) events: u64,
}

/// One call of an append: whole or not at all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) records_end: u32,
    pub(crate) conditions_end: u32,
    /// Where its first event has to stand, if it was recorded elsewhere; the log's start if not.
    exactly_at: Position,
}

impl Entry {
    /// Where its first event has to stand, if it was recorded elsewhere.
    pub(crate) fn exactly_at(&self) -> Option<Position> {
        (self.exactly_at != Position::START).then_some(self.exactly_at)
    }
}

/// A record without its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordToPlace {
    pub(crate) length: u32,
    pub(crate) events: u32,
    /// One more than the record before it has, if it is the effect of a command.
    pub(crate) commands_end: u32,
    pub(crate) sections_end: u32,
    pub(crate) tags_end: u32,
}

/// Events of one stream, side by side in one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionToPlace {
    pub(crate) stream: Fingerprint,
    pub(crate) expected: Expected,
    pub(crate) events: u32,
}

/// A tag of the event that is so many events after its record's first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagOfEvent {
    pub(crate) key: Key,
    pub(crate) event: u32,
}

thread_local! {
    static SCRATCH: RefCell<Draft> = RefCell::new(Draft::new());
}

/// A scratch draft is kept for the next append unless it has grown over this.
const SCRATCH_BYTES_MAX: usize = 1 << 20;

/// Lets a draft be written and used, on memory that is used again and again.
pub(crate) fn with_scratch<T>(work: impl FnOnce(&mut Draft) -> T) -> T {
    SCRATCH.with_borrow_mut(|draft| {
        draft.clear();
        let done = work(draft);
        if draft.bytes.capacity() > SCRATCH_BYTES_MAX {
            *draft = Draft::new();
        }
        done
    })
}

/// The version before one; before none comes one that no stream ever has.
fn version_before(version: Version) -> Version {
    version.previous().unwrap_or(Version::new(u64::MAX))
}

impl Draft {
    pub(crate) fn new() -> Self {
        let mut draft = Self::default();
        draft.clear();
        draft
    }

    /// Forgets the appends and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(GROUP_HEADER, 0);
        self.entries.clear();
        self.records.clear();
        self.commands.clear();
        self.sections.clear();
        self.tags.clear();
        self.conditions.clear();
        self.events = 0;
    }

    /// Adds an append.
    pub(crate) fn add(&mut self, append: &Append, keys: &Fingerprints) {
        let sections = u16::try_from(append.writes.len()).expect("options limit streams to 65,535");
        let mut record = RecordDraft::begin(&mut self.bytes, sections, append.command);
        let mut nth = 0;
        for StreamWrite { stream, expected, events } in &append.writes {
            self.section(stream, *expected, events.len(), keys);
            for event in events {
                record.event(&mut self.bytes, &event.into());
                self.tags_of(nth, &event.metadata.tags, keys);
                nth += 1;
            }
        }
        self.end_record(record, append.command, nth, keys);
        append.conditions.iter().for_each(|condition| self.conditions.add(condition, keys));
        self.end_entry(Position::START);
    }

    /// Adds events as they were recorded elsewhere: a record for each command's effect, and one
    /// for what stands side by side in a stream without a command.
    pub(crate) fn add_recorded(&mut self, events: &[Envelope], keys: &Fingerprints) {
        let Some(first) = events.first() else { return };
        let belong = |a: &Envelope, b: &Envelope| {
            a.metadata.command == b.metadata.command
                && (a.metadata.command.is_some() || a.stream == b.stream)
        };
        for effect in events.chunk_by(belong) {
            self.add_effect(effect, keys);
        }
        self.end_entry(first.position);
    }

    fn add_effect(&mut self, effect: &[Envelope], keys: &Fingerprints) {
        let in_one_stream = |a: &Envelope, b: &Envelope| {
            a.stream == b.stream && a.version == version_before(b.version)
        };
        let sections = effect.chunk_by(in_one_stream).count();
        let sections = u16::try_from(sections).expect("a page of events has few streams");
        let command = effect.first().and_then(|event| event.metadata.command);
        let mut record = RecordDraft::begin(&mut self.bytes, sections, command);
        let mut nth = 0;
        for events in effect.chunk_by(in_one_stream) {
            let Some(first) = events.first() else { continue };
            let before = version_before(first.version);
            self.section(&first.stream, Expected::Exactly(before), events.len(), keys);
            for event in events {
                record.event(&mut self.bytes, &event.into());
                self.tags_of(nth, &event.metadata.tags, keys);
                nth += 1;
            }
        }
        self.end_record(record, command, nth, keys);
    }

    fn section(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        events: usize,
        keys: &Fingerprints,
    ) {
        RecordDraft::section(&mut self.bytes, stream, events);
        let stream = keys.stream(stream.as_str().as_bytes());
        self.sections.push(SectionToPlace { stream, expected, events: length32(events) });
    }

    fn tags_of(&mut self, event: u32, tags: &[ondol_kernel::Tag], keys: &Fingerprints) {
        let before = self.tags.len();
        for tag in tags {
            let key = keys.tag(tag.as_str().as_bytes());
            if self.tags[before..].iter().all(|other| other.key != key) {
                self.tags.push(TagOfEvent { key, event });
            }
        }
    }

    fn end_record(
        &mut self,
        record: RecordDraft,
        command: Option<CommandId>,
        events: u32,
        keys: &Fingerprints,
    ) {
        self.commands.extend(command.map(|command| (command, keys.command(command))));
        self.events += u64::from(events);
        self.records.push(RecordToPlace {
            length: record.end(&mut self.bytes),
            events,
            commands_end: length32(self.commands.len()),
            sections_end: length32(self.sections.len()),
            tags_end: length32(self.tags.len()),
        });
    }

    fn end_entry(&mut self, exactly_at: Position) {
        self.entries.push(Entry {
            records_end: length32(self.records.len()),
            conditions_end: length32(self.conditions.len()),
            exactly_at,
        });
    }

    /// Takes over the appends of another draft, behind its own.
    pub(crate) fn join(&mut self, other: &Self) {
        let records = length32(self.records.len());
        let conditions = length32(self.conditions.len());
        let commands = length32(self.commands.len());
        let (sections, tags) = (length32(self.sections.len()), length32(self.tags.len()));
        self.bytes.extend_from_slice(&other.bytes[GROUP_HEADER..]);
        self.entries.extend(other.entries.iter().map(|entry| Entry {
            records_end: entry.records_end + records,
            conditions_end: entry.conditions_end + conditions,
            ..*entry
        }));
        self.records.extend(other.records.iter().map(|record| RecordToPlace {
            commands_end: record.commands_end + commands,
            sections_end: record.sections_end + sections,
            tags_end: record.tags_end + tags,
            ..*record
        }));
        self.commands.extend_from_slice(&other.commands);
        self.sections.extend_from_slice(&other.sections);
        self.tags.extend_from_slice(&other.tags);
        self.conditions.join(&other.conditions);
        self.events += other.events;
    }
}
