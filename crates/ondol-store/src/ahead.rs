//! Reading a page before it is asked for.
//!
//! Whoever replays a log asks for page after page, and while they fold one nobody reads. So once
//! a reader has asked for two pages in a row, the next ones are read while it is busy with this
//! one, side by side: where a page will end is known beforehand when all events are wanted, and a
//! guess that was wrong is not asked for. A page is only read ahead where the log has a whole one:
//! near its end a reader wants what is there by the time it asks. What was read ahead and is not
//! asked for any more gives way to what others ask for, so there are never more than a few such
//! pages.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use tokio::task::JoinSet;

use crate::{Limits, Page, ReadAll, ReadError};

/// How many pages are expected at a time, and so how many at most are read ahead.
const EXPECTED_MAX: usize = 8;
/// How many pages are read ahead of one reader, side by side.
const AHEAD: u64 = 2;

/// What a page comes to.
type Outcome = Result<Page, ReadError>;

/// What the readers of one log will ask for, and what of it is read already. Engines hold one.
#[derive(Debug, Default)]
pub struct ReadAhead {
    expected: Mutex<VecDeque<Expected>>,
}

/// What a reader will ask for, and the page, if it is being read.
#[derive(Debug)]
struct Expected {
    read: ReadAll,
    page: JoinSet<Outcome>,
}

impl ReadAhead {
    /// Answers a reading: with the page that was read ahead for it, or by reading it now.
    /// `start` begins a reading in a set that ends it when it is dropped.
    ///
    /// # Errors
    /// As the reading does.
    pub async fn read(
        &self,
        read: ReadAll,
        limits: &Limits,
        start: impl Fn(&mut JoinSet<Outcome>, ReadAll),
    ) -> Outcome {
        let before = self.take(&read);
        let is_in_a_row = before.is_some();
        let mut page = before.unwrap_or_default();
        let ready = match page.join_next().await {
            // The log may have grown since: only where that page ends now tells where the log does.
            Some(Ok(Ok(page))) if page.seen < page.head => Some(page),
            _ => None,
        };
        let page = match ready {
            Some(page) => page,
            None => now(&read, &start).await?,
        };
        self.go_on(&read, &page, limits, is_in_a_row.then_some(&start));
        Ok(page)
    }

    fn expected(&self) -> MutexGuard<'_, VecDeque<Expected>> {
        self.expected.lock().expect("nobody panics while holding what is expected")
    }

    /// What was expected to be asked for, now that it is.
    fn take(&self, read: &ReadAll) -> Option<JoinSet<Outcome>> {
        let mut expected = self.expected();
        let at = expected.iter().position(|expected| expected.read == *read)?;
        expected.remove(at).map(|expected| expected.page)
    }

    /// Remembers what a reader will ask for, and begins to read it if the reader goes on and on.
    fn go_on(
        &self,
        read: &ReadAll,
        page: &Page,
        limits: &Limits,
        start: Option<&impl Fn(&mut JoinSet<Outcome>, ReadAll)>,
    ) {
        if page.seen >= page.head || page.seen == read.after {
            return;
        }
        let whole = read.limit.min(limits.page_events_max) as u64;
        // Where a filter's page will end is not known.
        let ahead = if start.is_some() && read.filter.is_empty() { AHEAD } else { 1 };
        let mut expected = self.expected();
        for nth in 0..ahead {
            let next = ReadAll { after: page.seen.plus(nth * whole), ..read.clone() };
            let is_whole = page.head.get().saturating_sub(next.after.get()) >= whole;
            let is_there = expected.iter().any(|expected| expected.read == next);
            if is_there || (nth > 0 && !is_whole) {
                continue;
            }
            let mut page = JoinSet::new();
            if let Some(start) = start.filter(|_| is_whole) {
                start(&mut page, next.clone());
            }
            expected.push_back(Expected { read: next, page });
        }
        while expected.len() > EXPECTED_MAX {
            expected.pop_front();
        }
    }
}

/// Reads a page that is asked for.
async fn now(read: &ReadAll, start: &impl Fn(&mut JoinSet<Outcome>, ReadAll)) -> Outcome {
    let mut reading = JoinSet::new();
    start(&mut reading, read.clone());
    match reading.join_next().await {
        Some(Ok(page)) => page,
        Some(Err(ended)) => Err(ReadError::Stopped(ended.into())),
        None => Err(ReadError::Stopped("a reading was not begun".into())),
    }
}

#[cfg(test)]
mod tests;
