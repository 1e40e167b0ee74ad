//! A provider's books, keys and journal: what changes in one piece.

use std::io;
use std::path::Path;

use ondol_kernel::Timestamp;
use serde_json::Value;

use crate::answer::{Answer, News};
use crate::journal::{Journal, Line};
use crate::keys::{KEYS_MAX, Kept, Keys};
use crate::records::{RECORDS_MAX, Records};
use crate::{JournalError, Provider};

/// How many lines the journal may have before it is written anew.
const LINES_MAX: usize = 4 * (KEYS_MAX + RECORDS_MAX);

#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) records: Records,
    pub(super) keys: Keys,
    journal: Option<Journal>,
}

impl Desk {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let (journal, lines) = Journal::open(path)?;
        let mut desk = Self { journal: Some(journal), ..Self::default() };
        for Line { kept, record } in lines {
            kept.into_iter().for_each(|kept| desk.keys.keep(kept));
            record.into_iter().for_each(|record| desk.records.put(record));
        }
        Ok(desk)
    }

    /// Writes down what was answered under a key, and what stands in the books from now on.
    pub(super) fn write(
        &mut self,
        key: &str,
        fingerprint: String,
        answer: &Answer,
        body: &Value,
        now: Timestamp,
    ) -> io::Result<()> {
        let (key, status) = (key.to_owned(), answer.status.as_u16());
        let kept = Kept { key, fingerprint, at: now.as_micros(), status, body: body.clone() };
        let line = Line { kept: Some(kept), record: answer.record.as_deref().cloned() };
        self.add(line)
    }

    /// The next thing whose time has come goes on; what is told of it.
    pub(super) fn go_on(&mut self, provider: Provider, now: i64) -> io::Result<Option<News>> {
        let Some(record) = self.records.due(now) else { return Ok(None) };
        let Some((record, news)) = provider.goes_on(record) else { return Ok(None) };
        self.add(Line { kept: None, record: Some(record) })?;
        Ok(Some(news))
    }

    fn add(&mut self, line: Line) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.add(&line)?;
        }
        line.kept.into_iter().for_each(|kept| self.keys.keep(kept));
        line.record.into_iter().for_each(|record| self.records.put(record));
        if let Some(journal) = self.journal.as_mut().filter(|own| own.lines > LINES_MAX) {
            let keys = self.keys.all().cloned();
            let keys = keys.map(|kept| Line { kept: Some(kept), record: None });
            let records = self.records.all().cloned();
            let records = records.map(|record| Line { kept: None, record: Some(record) });
            journal.rewrite(keys.chain(records))?;
        }
        Ok(())
    }
}
