//! Conditions while they wait for the writer.
//!
//! They lie flat like everything in a draft: whoever asks allocates nothing for one, and the
//! writer, which serves everyone, frees nothing and makes no event out of bytes to look at it.

use ondol_kernel::Position;
use ondol_store::Condition;

use crate::format::{Cursor, Malformed, Record, length32};
use crate::key::{Fingerprints, Key};

/// Some conditions.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    list: Vec<Flat>,
    keys: Vec<Key>,
    names: Vec<u8>,
}

/// One of them: each says where its share of the lists ends.
#[derive(Debug, Clone, Copy)]
struct Flat {
    after: Position,
    types: u32,
    keys_end: u32,
    names_end: u32,
}

/// A condition, and the keys of its tags.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConditionToCheck<'a> {
    pub(crate) after: Position,
    pub(crate) keys: &'a [Key],
    types: u32,
    /// The types, then the tags, each with its length before it.
    names: Cursor<'a>,
}

impl Conditions {
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.keys.clear();
        self.names.clear();
    }

    pub(super) fn add(&mut self, condition: &Condition, keys: &Fingerprints) {
        for known in &condition.types {
            put_name(&mut self.names, known.as_str());
        }
        for tag in &condition.tags {
            put_name(&mut self.names, tag.as_str());
            self.keys.push(keys.tag(tag.as_str().as_bytes()));
        }
        self.list.push(Flat {
            after: condition.after,
            types: length32(condition.types.len()),
            keys_end: length32(self.keys.len()),
            names_end: length32(self.names.len()),
        });
    }

    /// Takes over those of another draft, behind its own.
    pub(super) fn join(&mut self, other: &Self) {
        let (keys, names) = (length32(self.keys.len()), length32(self.names.len()));
        self.list.extend(other.list.iter().map(|flat| Flat {
            keys_end: flat.keys_end + keys,
            names_end: flat.names_end + names,
            ..*flat
        }));
        self.keys.extend_from_slice(&other.keys);
        self.names.extend_from_slice(&other.names);
    }

    pub(crate) fn get(&self, number: usize) -> ConditionToCheck<'_> {
        let Flat { after, types, keys_end, names_end } = self.list[number];
        let before = number.checked_sub(1).map(|before| self.list[before]);
        let (keys, names) = before.map_or((0, 0), |before| (before.keys_end, before.names_end));
        ConditionToCheck {
            after,
            keys: &self.keys[keys as usize..keys_end as usize],
            types,
            names: Cursor::new(&self.names[names as usize..names_end as usize]),
        }
    }

    /// The first key of each, in order.
    pub(crate) fn first_keys(&self) -> impl Iterator<Item = Key> {
        (0..self.len()).map(|number| self.get(number).keys.first().copied().unwrap_or_default())
    }
}

fn put_name(into: &mut Vec<u8>, name: &str) {
    into.push(u8::try_from(name.len()).expect("a name is checked to have at most 255 bytes"));
    into.extend_from_slice(name.as_bytes());
}

impl ConditionToCheck<'_> {
    /// Whether a record's event at a position is what must not have happened.
    pub(crate) fn is_broken_by(
        &self,
        record: &Record<'_>,
        position: Position,
    ) -> Result<bool, Malformed> {
        let mut is_broken = false;
        record.walk(|_section, event| {
            if event.position == position && position > self.after {
                let mut names = self.names;
                let mut is_of_type = self.types == 0;
                for _ in 0..self.types {
                    is_of_type |= names.short()? == event.event_type;
                }
                let mut has_all = true;
                while has_all && !names.is_at_end() {
                    let tag = names.short()?;
                    has_all = event.tags().any(|found| found == tag);
                }
                is_broken = is_of_type && has_all;
            }
            Ok(())
        })?;
        Ok(is_broken)
    }
}
