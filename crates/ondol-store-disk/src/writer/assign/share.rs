//! What of a draft's lists is one entry's.

use std::ops::Range;

use crate::draft::{Draft, Entry};
use crate::format::GROUP_HEADER;

/// The shares of one entry in the lists of a draft.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) bytes: Range<usize>,
    pub(super) records: Range<usize>,
    pub(super) commands: Range<usize>,
    pub(super) conditions: Range<usize>,
    /// Where its sections and its tags begin.
    pub(super) section: usize,
    pub(super) tag: usize,
}

impl Share {
    /// What comes before the first entry.
    pub(super) fn none() -> Self {
        let bytes = GROUP_HEADER..GROUP_HEADER;
        Self { bytes, records: 0..0, commands: 0..0, conditions: 0..0, section: 0, tag: 0 }
    }

    /// The shares of the entry behind the one that this is about.
    pub(super) fn next(&self, draft: &Draft, entry: Entry) -> Self {
        let records = self.records.end..entry.records_end as usize;
        let its = &draft.records[records.clone()];
        let length: usize = its.iter().map(|record| record.length as usize).sum();
        let before = draft.records[..records.start].last();
        let commands = self.commands.end;
        let commands_end = its.last().map_or(commands, |last| last.commands_end as usize);
        Self {
            bytes: self.bytes.end..self.bytes.end + length,
            records,
            commands: commands..commands_end,
            conditions: self.conditions.end..entry.conditions_end as usize,
            section: before.map_or(0, |before| before.sections_end as usize),
            tag: before.map_or(0, |before| before.tags_end as usize),
        }
    }
}
