//! What stands in a provider's books: the last so many records, in the order they were made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many records a provider keeps; of more, the oldest are forgotten.
pub const RECORDS_MAX: usize = 20_000;
/// How many are listed at once.
const LISTED_MAX: usize = 200;

/// Something that stands in the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// What whoever asked for it calls it.
    pub(crate) reference: String,
    /// When it goes on by itself, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<i64>,
    pub(crate) value: Value,
}

/// The books.
#[derive(Debug, Default)]
pub(crate) struct Records {
    by_age: BTreeMap<u64, Record>,
    ids: HashMap<String, u64>,
    references: HashMap<String, Vec<u64>>,
    due: BTreeSet<(i64, u64)>,
    made: u64,
}

impl Records {
    /// Writes a record down, new or changed.
    pub(crate) fn put(&mut self, record: Record) {
        let age = match self.ids.get(&record.id) {
            Some(age) => *age,
            None => self.made,
        };
        self.remove(age);
        self.made = self.made.max(age + 1);
        self.ids.insert(record.id.clone(), age);
        self.references.entry(record.reference.clone()).or_default().push(age);
        self.due.extend(record.due.map(|due| (due, age)));
        self.by_age.insert(age, record);
        if self.by_age.len() > RECORDS_MAX
            && let Some((oldest, _)) = self.by_age.first_key_value()
        {
            self.remove(*oldest);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.by_age.get(self.ids.get(id)?)
    }

    /// Those that somebody calls so.
    pub(crate) fn called(&self, reference: &str) -> Vec<&Record> {
        let ages = self.references.get(reference).map(Vec::as_slice).unwrap_or_default();
        ages.iter().filter_map(|age| self.by_age.get(age)).take(LISTED_MAX).collect()
    }

    /// Those that were made after one of them, the oldest first.
    pub(crate) fn after(&self, id: Option<&str>) -> Vec<&Record> {
        let from = id.and_then(|id| self.ids.get(id)).map_or(0, |age| age + 1);
        self.by_age.range(from..).map(|(_, record)| record).take(LISTED_MAX).collect()
    }

    /// One whose time has come.
    pub(crate) fn due(&self, now_micros: i64) -> Option<&Record> {
        let (due, age) = self.due.first()?;
        if *due > now_micros { None } else { self.by_age.get(age) }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Record> {
        self.by_age.values()
    }

    fn remove(&mut self, age: u64) {
        let Some(record) = self.by_age.remove(&age) else { return };
        self.ids.remove(&record.id);
        if let Some(ages) = self.references.get_mut(&record.reference) {
            ages.retain(|own| *own != age);
            if ages.is_empty() {
                self.references.remove(&record.reference);
            }
        }
        if let Some(due) = record.due {
            self.due.remove(&(due, age));
        }
    }
}

#[cfg(test)]
mod tests;
