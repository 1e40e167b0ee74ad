//! Reading streams and the log, for callers.

use std::sync::Mutex;

use ondol_kernel::{Envelope, Position, StreamId, Version};
use ondol_store::{Direction, Filter, Limits, Page, ReadAll, ReadError, ReadStream};

use crate::error::RecordError;
use crate::format::{Address, EventBytes, Malformed, Names, Record, Section};
use crate::index::{End, Posting};
use crate::reader::{Scan, Window};
use crate::store::{Shared, read_error};

/// A page with a filter looks at no more events than this before it answers.
const LOOKED_AT_MAX: u64 = 200_000;
/// How many bytes an event is thought to take, where reading ahead has to guess.
const EVENT_BYTES_GUESS: usize = 384;
/// How many places are remembered at which a page has ended.
const HINTS: usize = 64;
/// How many postings of a tag are looked up at a time.
const POSTINGS_AT_ONCE: usize = 256;
/// Postings closer than this are read in one go.
const CLOSE_BYTES: u64 = 4 << 10;

/// Where pages have ended: the next one begins there.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    places: Mutex<(usize, Vec<(Position, Address)>)>,
}

impl Hints {
    fn find(&self, seen: Position) -> Option<Address> {
        let places = self.places.lock().expect("nobody panics while holding the hints");
        places.1.iter().find(|(position, _)| *position == seen).map(|(_, address)| *address)
    }

    fn keep(&self, seen: Position, address: Address) {
        let mut places = self.places.lock().expect("nobody panics while holding the hints");
        let (next, list) = &mut *places;
        if list.len() < HINTS {
            list.push((seen, address));
        } else {
            list[*next % HINTS] = (seen, address);
            *next = (*next + 1) % HINTS;
        }
    }
}

/// A page that is being filled.
#[derive(Debug)]
struct Filling {
    events: Vec<Envelope>,
    bytes: usize,
    most: usize,
    bytes_max: usize,
    is_full: bool,
    names: Names,
}

impl Filling {
    /// As `take`, from the record's end back.
    fn take_backward(
        &mut self,
        record: &Record<'_>,
        wants: impl Fn(&Section<'_>, &EventBytes<'_>) -> bool,
    ) -> Result<(), Malformed> {
        let mut wanted = Vec::new();
        record.walk(|section, event| {
            if wants(section, event) {
                wanted.push(event.version);
            }
            Ok(())
        })?;
        for version in wanted.into_iter().rev() {
            self.take(record, |section, event| wants(section, event) && event.version == version)?;
        }
        Ok(())
    }

    /// A page of at most so many events, of which about so many are expected.
    fn new(limit: usize, limits: &Limits, about: u64) -> Self {
        const AT_ONCE_MAX: usize = 8_192;
        let most = limit.min(limits.page_events_max);
        let about = usize::try_from(about).unwrap_or(usize::MAX).min(most).min(AT_ONCE_MAX);
        let (events, names) = (Vec::with_capacity(about), Names::new());
        let bytes_max = limits.page_bytes_max;
        Self { events, bytes: 0, most, bytes_max, is_full: most == 0, names }
    }

    /// Takes the events of a record that are wanted, until the page is full.
    fn take(
        &mut self,
        record: &Record<'_>,
        wants: impl Fn(&Section<'_>, &EventBytes<'_>) -> bool,
    ) -> Result<(), Malformed> {
        let mut stream: Option<(&[u8], StreamId)> = None;
        record.walk(|section, event| {
            if self.is_full || !wants(section, event) {
                return Ok(());
            }
            if self.bytes + event.data.len() > self.bytes_max && !self.events.is_empty() {
                self.is_full = true;
                return Ok(());
            }
            let known = match stream.take() {
                Some((name, known)) if name == section.stream => known,
                _ => self.names.stream(section.stream)?,
            };
            self.events.push(event.decode(&known, &mut self.names)?);
            stream = Some((section.stream, known));
            self.bytes += event.data.len();
            self.is_full = self.events.len() >= self.most;
            Ok(())
        })
    }
}

/// A filter by bytes: events are decoded only if they are wanted.
#[derive(Debug)]
struct Wanted<'a>(&'a Filter);

impl Wanted<'_> {
    fn wants(&self, section: &Section<'_>, event: &EventBytes<'_>) -> bool {
        let Filter { types, kinds, tags } = self.0;
        let is_type =
            |known: &ondol_kernel::EventType| known.as_str().as_bytes() == event.event_type;
        let kind = section.stream.split(|byte| *byte == b':').next().unwrap_or_default();
        (types.is_empty() || types.iter().any(is_type))
            && (kinds.is_empty() || kinds.iter().any(|known| known.as_bytes() == kind))
            && tags.iter().all(|tag| event.tags().any(|found| found == tag.as_str().as_bytes()))
    }
}

impl Shared {
    pub(crate) fn read_all(&self, read: &ReadAll) -> Result<Page, ReadError> {
        let End { position: head, .. } = self.progress.durable();
        if read.after > head {
            let epoch = self.epoch();
            return Err(ReadError::AheadOfLog { asked: read.after, head, epoch });
        }
        let mut page = Page { events: Vec::new(), seen: read.after, head };
        let limit = read.limit.min(self.limits.page_events_max);
        if read.after == head || limit == 0 {
            return Ok(page);
        }
        let filled = if read.filter.tags.is_empty() {
            self.scan(read, head)
        } else {
            self.read_tagged(read, head)
        };
        (page.events, page.seen) = filled.map_err(|error| read_error(error, read.after))?;
        Ok(page)
    }

    /// Reads on from where the reader is.
    fn scan(
        &self,
        read: &ReadAll,
        head: Position,
    ) -> Result<(Vec<Envelope>, Position), RecordError> {
        let from = read.after.next();
        let at = self.hints.find(read.after).unwrap_or_else(|| self.index.mark(from).address);
        let (wanted, wants_all) = (Wanted(&read.filter), read.filter.is_empty());
        let expected = if wants_all { head.get() - read.after.get() } else { 0 };
        let mut filling = Filling::new(read.limit, &self.limits, expected);
        let about = if wants_all { filling.most * EVENT_BYTES_GUESS } else { usize::MAX };
        let mut scan = Scan::new(&self.reader, at, head, about);
        let (mut seen, mut resume) = (read.after, at);
        while seen < head && !filling.is_full && seen.get() - read.after.get() < LOOKED_AT_MAX {
            let Some((address, record, bytes)) = scan.next(from)? else { break };
            if wants_all {
                // With a filter an event here and there would keep all the bytes between.
                filling.names.share(bytes);
            }
            let taken = filling.take(&record, |section, event| {
                event.position >= from && (wants_all || wanted.wants(section, event))
            });
            let last = record.last();
            taken.map_err(|malformed| self.reader.corrupt_at(address, malformed))?;
            seen = last.min(head);
            if filling.is_full {
                seen = filling.events.last().map_or(read.after, |event| event.position);
            }
            resume = if seen < last { address } else { scan.address() };
        }
        self.hints.keep(seen, resume);
        Ok((filling.events, seen))
    }

    /// Reads what a tag is found by.
    fn read_tagged(
        &self,
        read: &ReadAll,
        head: Position,
    ) -> Result<(Vec<Envelope>, Position), RecordError> {
        let mut filling = Filling::new(read.limit, &self.limits, POSTINGS_AT_ONCE as u64);
        let mut window = Window::default();
        let (mut seen, mut looked_at) = (read.after, 0);
        let Some(tag) = read.filter.tags.first() else { return Ok((Vec::new(), head)) };
        let key = self.keys.tag(tag.as_str().as_bytes());
        loop {
            let postings = self.index.after(key, seen, POSTINGS_AT_ONCE)?;
            for posting in &postings {
                if posting.number > head.get() {
                    // It has become durable since the reading began.
                    return Ok((filling.events, head));
                }
                let position = Position::new(posting.number);
                let record = self.reader.record(posting.address, 0, &mut window)?;
                let taken = filling.take(&record, |section, event| {
                    event.position == position && Wanted(&read.filter).wants(section, event)
                });
                taken.map_err(|malformed| self.reader.corrupt_at(posting.address, malformed))?;
                let is_left_out =
                    filling.is_full && filling.events.last().is_none_or(|e| e.position < position);
                if is_left_out {
                    return Ok((filling.events, seen));
                }
                (seen, looked_at) = (position, looked_at + 1);
                if filling.is_full || looked_at >= LOOKED_AT_MAX {
                    return Ok((filling.events, seen));
                }
            }
            if postings.len() < POSTINGS_AT_ONCE {
                return Ok((filling.events, head));
            }
        }
    }

    /// Whether it is plain at once that a stream has nothing of what is asked: whoever writes the
    /// log knows the version each stream is at, before anybody is told of it.
    pub(crate) fn has_none_of(&self, read: &ReadStream) -> bool {
        let stream = self.keys.stream(read.stream.as_str().as_bytes());
        let is_forward = read.direction == Direction::Forward;
        self.heads.version_at_once(stream).is_some_and(|last| {
            last == Version::EMPTY || (is_forward && read.from.is_some_and(|from| from > last))
        })
    }

    pub(crate) fn read_stream(&self, read: &ReadStream) -> Result<Vec<Envelope>, ReadError> {
        let key = self.keys.stream(read.stream.as_str().as_bytes()).key();
        let limit = read.limit.min(self.limits.page_events_max);
        let version = read.from.map(Version::get);
        let postings = match read.direction {
            _ if limit == 0 => Ok(Vec::new()),
            Direction::Forward => self.index.forward(key, version.unwrap_or(1), limit),
            Direction::Backward => self.index.backward(key, version.unwrap_or(u64::MAX), limit),
        };
        let postings = postings.map_err(|error| read_error(error.into(), Position::START))?;
        let filled = self.take_postings(read, &postings);
        filled.map_err(|error| read_error(error, Position::START))
    }

    /// Reads the records that hold a stream's events.
    fn take_postings(
        &self,
        read: &ReadStream,
        postings: &[Posting],
    ) -> Result<Vec<Envelope>, RecordError> {
        let mut filling = Filling::new(read.limit, &self.limits, postings.len() as u64);
        let mut window = Window::default();
        let name = read.stream.as_str().as_bytes();
        let is_backward = read.direction == Direction::Backward;
        let (least, most) = match (is_backward, read.from) {
            (_, None) => (0, u64::MAX),
            (false, Some(from)) => (from.get(), u64::MAX),
            (true, Some(from)) => (0, from.get()),
        };
        for (nth, posting) in postings.iter().enumerate() {
            let ahead = ahead(&postings[nth..]);
            let record = self.reader.record(posting.address, ahead, &mut window)?;
            let is_wanted = |section: &Section<'_>, event: &EventBytes<'_>| {
                section.stream == name && (least..=most).contains(&event.version.get())
            };
            let taken = if is_backward {
                filling.take_backward(&record, is_wanted)
            } else {
                filling.take(&record, is_wanted)
            };
            taken.map_err(|malformed| self.reader.corrupt_at(posting.address, malformed))?;
            if filling.is_full {
                break;
            }
        }
        Ok(filling.events)
    }
}

/// How many bytes are worth reading from the first of these on.
fn ahead(postings: &[Posting]) -> usize {
    const AHEAD_MAX: usize = 128 << 10;
    let is_close = |pair: &&[Posting]| {
        let (this, next) = (pair[0].address.bits(), pair[1].address.bits());
        (this..this.saturating_add(CLOSE_BYTES)).contains(&next)
    };
    let close = postings.windows(2).take_while(is_close).count();
    match (postings.first(), postings.get(close)) {
        (Some(first), Some(last)) if close > 0 => {
            let span = crate::format::index(last.address.bits() - first.address.bits());
            (span + EVENT_BYTES_GUESS).min(AHEAD_MAX)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
