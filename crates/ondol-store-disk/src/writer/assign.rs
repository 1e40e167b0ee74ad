//! Giving appends their place: checks what they expect, and fills in positions and versions.
//!
//! Each append sees the log as those before it in the same group leave it. Those that are
//! refused leave no trace: the ones behind them move up.

mod known;
mod share;
mod verdicts;

use std::collections::HashMap;
use std::ops::Range;

use ondol_kernel::{CommandId, Position, Version};
use ondol_store::Outcome;

use self::known::{Known, TaggedInGroup};
use self::share::Share;
use self::verdicts::{conflict, failed, unreadable};
use crate::draft::{Draft, Entry, RecordToPlace};
use crate::format::{Address, GROUP_HEADER, GroupHeader, Record, length32, padded, place, put};
use crate::heads::Table;
use crate::index::{End, Mark, Posting};
use crate::key::{ByKey, Fingerprint, Key};
use crate::queue::{Answers, Verdict};
use crate::reader::{Reader, Window};
use crate::store::Shared;

/// A mark is made every so many bytes of the log.
const MARK_EVERY: usize = 64 << 10;

/// What a group was given. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    first: Position,
    head: Position,
    at: Address,
    written: usize,
    records: u32,
    /// The checksums of the records, side by side.
    sums: Vec<u8>,
    /// What the streams of the group stood at before, in the order in which they were changed.
    before: Vec<(Fingerprint, Version)>,
    postings: Vec<(Key, Posting)>,
    marks: Vec<Mark>,
    marked_to: usize,
    answers: Answers,
    /// Where the commands of the group have their records.
    commands: HashMap<Key, usize, ByKey>,
    /// The newest event of the group with a tag, from one on.
    tags: HashMap<Key, u32, ByKey>,
    tagged: Vec<TaggedInGroup>,
    known: Known,
    window: Window,
}

impl Assignment {
    /// How many bytes the group has; none if nothing is to be written.
    pub(crate) fn length(&self) -> usize {
        if self.records == 0 { 0 } else { padded(self.written) }
    }

    /// The position of the first event.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// The position of the last event.
    pub(crate) fn head(&self) -> Position {
        self.head
    }

    pub(crate) fn take_answers(&mut self) -> Answers {
        std::mem::take(&mut self.answers)
    }

    fn reset(&mut self, draft: &Draft, head: Position, at: Address) {
        self.first = head.next();
        self.head = head;
        self.at = at;
        self.written = GROUP_HEADER;
        self.records = 0;
        self.sums.clear();
        self.before.clear();
        self.postings.clear();
        self.marks.clear();
        self.answers = Answers::default();
        self.answers.firsts.reserve_exact(draft.entries.len());
        self.commands.clear();
        self.tags.clear();
        self.tagged.clear();
    }

    /// Assigns places to the appends of a draft, whose bytes then are a group.
    pub(crate) fn assign(
        &mut self,
        shared: &Shared,
        draft: &mut Draft,
        head: Position,
        at: Address,
    ) {
        self.reset(draft, head, at);
        let mut heads = shared.heads.hold();
        heads.fetch(draft.sections.iter().map(|section| section.stream));
        self.known.look_up(shared, draft);
        let mut share = Share::none();
        for number in 0..draft.entries.len() {
            let entry = draft.entries[number];
            share = share.next(draft, entry);
            let first = self.head.next();
            match self.entry(shared, &mut heads, draft, entry, &share) {
                Ok(()) => self.answers.firsts.push(first),
                Err(verdict) => self.refuse(length32(number), verdict, shared),
            }
        }
        self.finish(shared, draft);
    }

    fn refuse(&mut self, number: u32, verdict: Verdict, shared: &Shared) {
        if shared.bugs.reuses_position() && self.head >= self.first {
            self.head = self.head.previous().unwrap_or(Position::START);
        }
        self.answers.firsts.push(Position::START);
        let others = self.answers.others.get_mut().expect("nobody else has the answers yet");
        others.insert(number, verdict);
    }

    fn finish(&mut self, shared: &Shared, draft: &mut Draft) {
        let length = self.length();
        if length == 0 {
            return;
        }
        draft.bytes.resize(length.max(draft.bytes.len()), 0);
        draft.bytes[self.written..length].fill(0);
        let header = GroupHeader {
            length: length32(self.written - GROUP_HEADER),
            first: self.first,
            records: self.records,
            events: length32(crate::format::index(self.head.get() + 1 - self.first.get())),
            records_sum: crc32c::crc32c(&self.sums),
        };
        put(&mut draft.bytes, 0, &header.encode(shared.reader.salt));
    }

    /// Checks one entry and gives it its place, or says why not.
    fn entry(
        &mut self,
        shared: &Shared,
        heads: &mut Table,
        draft: &mut Draft,
        entry: Entry,
        share: &Share,
    ) -> Result<(), Verdict> {
        let moves_at_once = entry.exactly_at().is_some();
        if let Some(found) = entry.exactly_at().filter(|found| *found != self.head.next()) {
            return Err(Verdict::OutOfOrder { expected: self.head.next(), found });
        }
        for number in share.commands.clone() {
            let may_be = self.known.may_be_command(number);
            let known = draft.commands[number];
            self.check_command(shared, draft, (known, may_be), moves_at_once)?;
        }
        let undo = self.before.len();
        let checked = self.check_streams(heads, draft, share, moves_at_once).and_then(|()| {
            share.conditions.clone().try_for_each(|number| self.check(shared, draft, number))
        });
        if let Err(verdict) = checked {
            if moves_at_once {
                self.take_back_from(heads, undo);
                shared.progress.take_back(shared.progress.assigned());
            }
            self.before.truncate(undo);
            return Err(verdict);
        }
        if !moves_at_once {
            let moved = self.before[undo..].iter().zip(&draft.sections[share.section..]);
            for ((stream, found), wanted) in moved {
                heads.set(*stream, found.plus(wanted.events.into()));
            }
        }
        self.place(shared, draft, share, undo);
        Ok(())
    }

    /// Refuses a command of which something has come.
    fn check_command(
        &mut self,
        shared: &Shared,
        draft: &Draft,
        ((command, key), may_be): ((CommandId, Key), bool),
        was_elsewhere: bool,
    ) -> Result<(), Verdict> {
        let outcome = match self.in_group(shared, draft, (command, key))? {
            Some(outcome) => Some(outcome),
            None if !may_be => None,
            None => shared.recorded_outcome(command, key, &mut self.window).map_err(failed)?,
        };
        match outcome {
            None => Ok(()),
            Some(_) if was_elsewhere => Err(Verdict::CommandInPieces { command }),
            Some(outcome) => Err(Verdict::Repeated(outcome)),
        }
    }

    /// What comes of a command by an entry before it in the group.
    fn in_group(
        &self,
        shared: &Shared,
        draft: &Draft,
        (command, key): (CommandId, Key),
    ) -> Result<Option<Outcome>, Verdict> {
        let Some(at) = self.commands.get(&key) else { return Ok(None) };
        let record = Record::read(&draft.bytes[*at..], shared.reader.salt, true);
        let record = record.map_err(unreadable)?;
        if record.command().map_err(unreadable)? != Some(command) {
            return Ok(None);
        }
        Reader::outcome(&record).map(Some).map_err(unreadable)
    }

    /// Checks how the streams stand. An append names each stream once and moves them only when
    /// all is checked: whoever copies the heads meanwhile must not see what is taken back. Events
    /// recorded elsewhere may name a stream again and move it at once.
    fn check_streams(
        &mut self,
        heads: &mut Table,
        draft: &Draft,
        share: &Share,
        moves_at_once: bool,
    ) -> Result<(), Verdict> {
        let (mut at, mut section) = (share.bytes.start, share.section);
        for record in &draft.records[share.records.clone()] {
            let sections = section..record.sections_end as usize;
            for (nth, wanted) in draft.sections[sections.clone()].iter().enumerate() {
                let found = heads.version(wanted.stream);
                if !wanted.expected.is_met_by(found) {
                    let record = &draft.bytes[at..at + record.length as usize];
                    return Err(conflict(record, nth, wanted.expected, found));
                }
                if moves_at_once {
                    heads.set(wanted.stream, found.plus(wanted.events.into()));
                }
                self.before.push((wanted.stream, found));
            }
            section = sections.end;
            at += record.length as usize;
        }
        Ok(())
    }

    /// Checks that what must not have happened has not.
    fn check(&mut self, shared: &Shared, draft: &Draft, number: usize) -> Result<(), Verdict> {
        let wanted = draft.conditions.get(number);
        let asked = wanted.after;
        if asked > self.head {
            return Err(Verdict::ConditionAhead { asked, head: self.head });
        }
        if self.known.may_be_condition(number)
            && let Some(at) = shared.first_that_breaks(&wanted, &mut self.window).map_err(failed)?
        {
            return Err(Verdict::ConditionBroken { at });
        }
        let mut next = wanted.keys.first().and_then(|key| self.tags.get(key)).copied();
        let mut broken_at = None;
        while let Some(nth) = next.and_then(|next| next.checked_sub(1)) {
            let TaggedInGroup { position, at, before } = &self.tagged[nth as usize];
            if *position <= asked {
                break;
            }
            let record =
                Record::read(&draft.bytes[*at..], shared.reader.salt, true).map_err(unreadable)?;
            if wanted.is_broken_by(&record, *position).map_err(unreadable)? {
                broken_at = Some(*position);
            }
            next = Some(*before);
        }
        broken_at.map_or(Ok(()), |at| Err(Verdict::ConditionBroken { at }))
    }

    /// Moves an entry's records up to where they belong, and fills in their place.
    fn place(&mut self, shared: &Shared, draft: &mut Draft, share: &Share, undo: usize) {
        let (mut command, mut section, mut tag) = (share.commands.start, share.section, share.tag);
        let mut from = share.bytes.start;
        if from != self.written {
            draft.bytes.copy_within(share.bytes.clone(), self.written);
            from = self.written;
        }
        let mut versions = undo;
        for number in share.records.clone() {
            let record = draft.records[number];
            let end = from + record.length as usize;
            let first = self.head.next();
            let (commands, sections, tags) = (
                command..record.commands_end as usize,
                section..record.sections_end as usize,
                tag..record.tags_end as usize,
            );
            let stands = versions..versions + sections.len();
            let sum = place(
                &mut draft.bytes[from..end],
                shared.reader.salt,
                first,
                self.before[stands.clone()].iter().map(|(_, version)| version.next()),
            );
            self.records += 1;
            self.sums.extend_from_slice(&sum.to_le_bytes());
            self.remember(draft, &record, from, (stands.clone(), commands.clone(), tags.clone()));
            self.head = self.head.plus(record.events.into());
            (command, section, tag) = (commands.end, sections.end, tags.end);
            (versions, from) = (stands.end, end);
            self.written = end;
        }
    }

    /// Remembers what a record is found by.
    fn remember(
        &mut self,
        draft: &Draft,
        record: &RecordToPlace,
        at: usize,
        (stands, commands, tags): (Range<usize>, Range<usize>, Range<usize>),
    ) {
        let first = self.head.next();
        let address = self.at.plus(at);
        let posting = |number: u64| Posting { number, address };
        for (stream, before) in &self.before[stands] {
            self.postings.push((stream.key(), posting(before.next().get())));
        }
        for (_, key) in &draft.commands[commands] {
            self.postings.push((*key, posting(first.get())));
            self.commands.insert(*key, at);
        }
        for tag in &draft.tags[tags] {
            let position = first.plus(tag.event.into());
            self.postings.push((tag.key, posting(position.get())));
            if !draft.conditions.is_empty() {
                let newest = length32(self.tagged.len()) + 1;
                let before = self.tags.insert(tag.key, newest).unwrap_or(0);
                self.tagged.push(TaggedInGroup { position, at, before });
            }
        }
        if self.marked_to == 0 || self.marked_to + record.length as usize > MARK_EVERY {
            self.marks.push(Mark { position: first, address });
            self.marked_to = 0;
        }
        self.marked_to += record.length as usize;
    }

    /// Lets everyone see what is durable now.
    pub(crate) fn publish(&mut self, shared: &Shared, end: End) {
        shared.index.publish(&self.postings, &self.marks, end);
        shared.progress.set_durable(end);
    }

    /// Makes it as if the group had never been.
    pub(crate) fn take_back(&mut self, shared: &Shared) {
        self.take_back_from(&mut shared.heads.hold(), 0);
        shared.progress.take_back(self.first.previous().unwrap_or(Position::START));
    }

    fn take_back_from(&mut self, heads: &mut Table, from: usize) {
        for (stream, version) in self.before.drain(from..).rev() {
            heads.set(stream, version);
        }
    }
}
