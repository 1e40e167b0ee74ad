//! What the records of a log are found by, as it is read again.

use crate::format::{Address, Malformed, Record};
use crate::index::{End, Index, Mark, Posting};
use crate::key::{Fingerprints, Key};

/// A mark is made every so many bytes of the log.
const MARK_EVERY: u64 = 64 << 10;

/// What some records are found by.
#[derive(Debug, Default)]
pub(super) struct Found {
    postings: Vec<(Key, Posting)>,
    marks: Vec<Mark>,
    marked_to: u64,
}

impl Found {
    /// Adds a record.
    pub(super) fn add(
        &mut self,
        keys: &Fingerprints,
        (address, record): (Address, &Record<'_>),
    ) -> Result<(), Malformed> {
        let posting = |number: u64| Posting { number, address };
        let first = record.header.first;
        if let Some(command) = record.command()? {
            self.postings.push((keys.command(command), posting(first.get())));
        }
        record.walk(|section, event| {
            if event.version == section.first_version {
                let key = keys.stream(section.stream).key();
                self.postings.push((key, posting(event.version.get())));
            }
            let mut seen = Vec::new();
            for tag in event.tags().filter(|tag| !tag.is_empty()) {
                let key = keys.tag(tag);
                if !seen.contains(&key) {
                    self.postings.push((key, posting(event.position.get())));
                    seen.push(key);
                }
            }
            Ok(())
        })?;
        if address.bits() >= self.marked_to {
            self.marks.push(Mark { position: first, address });
            self.marked_to = address.bits() + MARK_EVERY;
        }
        Ok(())
    }

    /// Puts what was found into an index that ends here now.
    pub(super) fn publish(&mut self, index: &Index, end: End) {
        index.publish(&self.postings, &self.marks, end);
        self.postings.clear();
        self.marks.clear();
    }
}
