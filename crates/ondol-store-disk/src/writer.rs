//! The one thread that writes: it takes all that waits, gives it its place, writes it as one
//! group, syncs, and answers everyone.
//!
//! While a group is on its way to the disk the next one gathers, so the load itself makes the
//! groups as large as they have to be, and one client alone waits for one sync and no timer. A
//! failed sync is never tried again: the kernel may have dropped what it was about. The log stops
//! and is opened anew.

mod assign;
mod tail;

use std::io::{self, ErrorKind};
use std::sync::Arc;

use ondol_store::Head;
use tokio::sync::watch;

use self::assign::Assignment;
pub(crate) use self::tail::{Spares, TailSegment};
use crate::disk::write_all_at;
use crate::error::WhyStopped;
use crate::index::End;
use crate::queue::{Answers, Gathering, Group, WhyNothing};
use crate::store::Shared;

/// The thread's own.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tail: TailSegment,
    pub(crate) head: watch::Sender<Head>,
}

/// Why a group was not written.
enum Failure {
    /// There is no room: nothing was assigned, and the next group may find some.
    Full(io::Error),
    /// The log cannot go on.
    Stopped(WhyStopped),
}

impl Writer {
    /// Writes until the queue is closed and empty, or the log has to stop.
    pub(crate) fn run(mut self) {
        let mut gathering = Gathering::new();
        let mut assignment = Assignment::default();
        let mut answered: Option<Arc<Group>> = None;
        loop {
            if !self.shared.queue.take_at_once(&mut gathering) {
                if let Some(group) = answered.take() {
                    group.wake_all();
                }
                if !self.shared.queue.take(&mut gathering) {
                    break;
                }
            }
            let answers = match self.write(&mut gathering, &mut assignment) {
                Ok(answers) => answers,
                Err(Failure::Full(error)) => {
                    let all = Some(WhyNothing::Full(Arc::new(error)));
                    Answers { all, ..Answers::default() }
                }
                Err(Failure::Stopped(why)) => {
                    self.shared.stop(&why);
                    gathering.refuse_all(&why);
                    break;
                }
            };
            // Those who have their answer wake the others; whom they have not woken by now, the
            // writer wakes.
            if let Some(group) = answered.replace(gathering.answer(answers)) {
                group.wake_all();
            }
        }
        if let Some(group) = answered {
            group.wake_all();
        }
        self.shared.progress.end();
        self.shared.index.close();
    }

    /// Makes a group durable; answers what is to be answered.
    fn write(
        &mut self,
        gathering: &mut Gathering,
        assignment: &mut Assignment,
    ) -> Result<Answers, Failure> {
        let shared = Arc::clone(&self.shared);
        shared.index.wait_for_room().map_err(|error| Failure::Full(copy_of(&error)))?;
        let longest = gathering.draft.bytes.len().next_multiple_of(8);
        let at = self.tail.room_for(longest).map_err(no_room)?;
        let head = shared.progress.durable().position;
        shared.progress.set_assigned(head.plus(gathering.draft.events));
        assignment.assign(&shared, &mut gathering.draft, head, at);
        let length = assignment.length();
        shared.progress.set_assigned(assignment.head());
        let answers = assignment.take_answers();
        if length == 0 {
            return Ok(answers);
        }
        if shared.bugs.answers_before_sync() {
            gathering.answer_too_early(answers);
            self.make_durable(&gathering.draft.bytes[..length], assignment)?;
            return Ok(Answers::default());
        }
        self.make_durable(&gathering.draft.bytes[..length], assignment)?;
        Ok(answers)
    }

    /// Writes a group, syncs it, and lets everyone see it.
    fn make_durable(&mut self, bytes: &[u8], assignment: &mut Assignment) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let begun = self.tail.begin(&shared.segments, assignment.first());
        let offset = u64::from(self.tail.offset());
        let written = begun.and_then(|()| write_all_at(self.tail.file(), bytes, offset));
        if let Err(error) = written {
            if error.kind() == ErrorKind::StorageFull {
                // Nothing was synced and nobody has seen it: it is as if it had never been.
                assignment.take_back(&shared);
                return Err(Failure::Full(error));
            }
            return Err(Failure::Stopped(WhyStopped::failed("a write to the log failed", error)));
        }
        if !shared.bugs.skips_sync() {
            let synced = self.tail.file().sync_data();
            synced
                .map_err(|e| Failure::Stopped(WhyStopped::failed("a sync of the log failed", e)))?;
        }
        let placed = self.tail.put_in_place(&shared);
        placed.map_err(|error| {
            Failure::Stopped(WhyStopped::failed("a new segment could not get its name", error))
        })?;
        let address = self.tail.advance(bytes.len());
        let end = End { position: assignment.head(), address };
        assignment.publish(&shared, end);
        self.head.send_replace(Head { epoch: shared.epoch(), position: end.position });
        Ok(())
    }
}

/// A full disk may have room again; any other failure stops the log.
fn no_room(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Failure::Full(error)
        }
        _ => Failure::Stopped(WhyStopped::failed("a new segment could not be made", error)),
    }
}

/// Another error that says the same.
fn copy_of(error: &Arc<io::Error>) -> io::Error {
    io::Error::new(error.kind(), Arc::clone(error))
}
