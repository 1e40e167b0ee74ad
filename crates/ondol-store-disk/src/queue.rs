//! Where appends wait for the writer, and where their callers wait for the answer.
//!
//! Everything that waits when the writer comes is one group. Answers are given by group too: one
//! cell for all, and each caller's waker. A caller that goes away leaves nothing behind.
//!
//! Waking thousands of callers would take the writer as long as a sync, so it wakes the first few,
//! and each caller that gets its answer wakes a few more: on its own runtime, where that costs
//! least, and while the writer is at the next group already. The chain is a help and not a
//! promise: whoever is not woken when the writer has time, or has made another group durable, the
//! writer wakes itself.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ondol_kernel::{CommandId, Position, StreamId, Version};
use ondol_store::{AppendError, Expected, Outcome};

use crate::draft::Draft;
use crate::error::WhyStopped;

/// How many callers the writer wakes of each group …
const WOKEN_FIRST: usize = 2;
/// … and how many each caller wakes that has got its answer.
const WOKEN_BY_EACH: usize = 4;

/// What came of one entry of a group.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Its first event stands here, durably.
    Recorded { first: Position },
    /// Its command had an outcome already.
    Repeated(Outcome),
    /// A stream does not stand as expected.
    Conflict { stream: StreamId, expected: Expected, found: Version },
    /// What must not have happened stands here.
    ConditionBroken { at: Position },
    /// A condition speaks of a position that is not there yet.
    ConditionAhead { asked: Position, head: Position },
    /// An event that was recorded elsewhere does not follow the log's last.
    OutOfOrder { expected: Position, found: Position },
    /// Something has come already of a command whose events were recorded elsewhere.
    CommandInPieces { command: CommandId },
    /// There is no room.
    Full(Arc<io::Error>),
    /// What has to be looked up could not be read.
    Unreadable(Arc<io::Error>),
    /// The log has stopped.
    Stopped(WhyStopped),
}

/// What came of a group's entries.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Where the entry's first event stands; zero if it came to something else.
    pub(crate) firsts: Vec<Position>,
    /// What the others came to.
    pub(crate) others: Mutex<HashMap<u32, Verdict>>,
    /// What all came to, if nothing was written.
    pub(crate) all: Option<WhyNothing>,
}

/// Why nothing of a group was written.
#[derive(Debug, Clone)]
pub(crate) enum WhyNothing {
    Full(Arc<io::Error>),
    Stopped(WhyStopped),
}

/// A group, as those see it who wait for its answers.
#[derive(Debug, Default)]
pub(crate) struct Group {
    answers: OnceLock<Answers>,
    /// Who is still to be woken, now that the answers are there.
    asleep: Mutex<std::vec::IntoIter<Waker>>,
    /// Whether there may be someone.
    is_anyone_asleep: AtomicBool,
    /// Who waits under another waker than the one it came with.
    moved: Mutex<HashMap<u32, Waker>>,
}

/// A place in a group.
#[derive(Debug)]
pub(crate) struct Ticket {
    group: Arc<Group>,
    number: u32,
}

/// A group that is being gathered.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub(crate) draft: Draft,
    pub(crate) wakers: Vec<Waker>,
    /// How many there were in the group before.
    wakers_before: usize,
    pub(crate) group: Arc<Group>,
}

/// Where appends wait.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    appends_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct State {
    gathering: Gathering,
    writer_waits: bool,
    is_closed: bool,
    stopped: Option<WhyStopped>,
}

impl Queue {
    pub(crate) fn new(appends_max: usize, bytes_max: usize) -> Self {
        let gathering = Gathering::new();
        let state = State { gathering, writer_waits: false, is_closed: false, stopped: None };
        Self { state: Mutex::new(state), filled: Condvar::new(), appends_max, bytes_max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the queue")
    }

    /// Joins the group that is being gathered, with one entry.
    pub(crate) fn submit(&self, draft: &Draft, waker: &Waker) -> Result<Ticket, AppendError> {
        // Others wait for the state: what can be done without it is done before.
        let waker = waker.clone();
        let mut state = self.state();
        if let Some(why) = &state.stopped {
            return Err(AppendError::Stopped(why.clone().into()));
        }
        if state.is_closed {
            return Err(AppendError::Stopped(WhyStopped::closed().into()));
        }
        let waiting = state.gathering.draft.entries.len();
        let bytes = state.gathering.draft.bytes.len() + draft.bytes.len();
        if waiting >= self.appends_max || (waiting > 0 && bytes > self.bytes_max) {
            return Err(AppendError::Busy { most: self.appends_max });
        }
        let number = u32::try_from(waiting).expect("options limit what waits to 32 bits");
        state.gathering.draft.join(draft);
        state.gathering.wakers.push(waker);
        let group = Arc::clone(&state.gathering.group);
        let wake_writer = std::mem::take(&mut state.writer_waits);
        drop(state);
        if wake_writer {
            self.filled.notify_one();
        }
        Ok(Ticket { group, number })
    }

    /// Takes what waits, and leaves an empty gathering in its place. Answers false when nothing
    /// waits.
    pub(crate) fn take_at_once(&self, into: &mut Gathering) -> bool {
        into.reset();
        let mut state = self.state();
        let has_some = !state.gathering.draft.entries.is_empty();
        if has_some {
            std::mem::swap(&mut state.gathering, into);
        }
        has_some
    }

    /// As `take_at_once`; waits until there is something. Answers false when nothing waits and
    /// nothing will come.
    pub(crate) fn take(&self, into: &mut Gathering) -> bool {
        into.reset();
        let mut state = self.state();
        while state.gathering.draft.entries.is_empty() {
            if state.is_closed {
                return false;
            }
            state.writer_waits = true;
            state = self.filled.wait(state).expect("nobody panics while holding the queue");
        }
        state.writer_waits = false;
        std::mem::swap(&mut state.gathering, into);
        true
    }

    /// Takes no more appends; those that wait are still taken by the writer.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.filled.notify_all();
    }

    /// Waits until the queue is closed, or for so long; answers whether it is closed.
    pub(crate) fn wait_to_be_closed(&self, most: Duration) -> bool {
        let waited = self.filled.wait_timeout_while(self.state(), most, |state| !state.is_closed);
        waited.expect("nobody panics while holding the queue").0.is_closed
    }

    /// Takes no more appends, and says why.
    pub(crate) fn stop(&self, why: WhyStopped) {
        self.state().stopped = Some(why);
    }
}

impl Gathering {
    pub(crate) fn new() -> Self {
        Self { draft: Draft::new(), wakers: Vec::new(), wakers_before: 0, group: Arc::default() }
    }

    /// Answers come again for entries that were answered: what a planted bug needs.
    pub(crate) fn answer_too_early(&mut self, answers: Answers) {
        self.answer(answers).wake_all();
        self.group = Arc::default();
    }

    /// Tells everyone that nothing was written and nothing will be.
    pub(crate) fn refuse_all(&mut self, why: &WhyStopped) {
        let all = Some(WhyNothing::Stopped(why.clone()));
        self.answer(Answers { all, ..Answers::default() }).wake_all();
    }

    fn reset(&mut self) {
        const BYTES_KEPT_MAX: usize = 8 << 20;
        if self.draft.bytes.capacity() > BYTES_KEPT_MAX {
            self.draft = Draft::new();
        }
        self.draft.clear();
        // The last ones went away with their group; there will be about as many again.
        self.wakers.clear();
        self.wakers.reserve(self.wakers_before);
        self.group = Arc::default();
    }

    /// Gives everyone the answer, and wakes the first of those who wait for it. The group that is
    /// answered has to be given time to wake the rest.
    pub(crate) fn answer(&mut self, answers: Answers) -> Arc<Group> {
        let group = Arc::clone(&self.group);
        self.wakers_before = self.wakers.len();
        *group.asleep() = std::mem::take(&mut self.wakers).into_iter();
        group.is_anyone_asleep.store(true, Ordering::Relaxed);
        group.answers.set(answers).expect("a group is answered once");
        group.wake(WOKEN_FIRST);
        let moved = std::mem::take(&mut *group.moved());
        #[expect(clippy::iter_over_hash_type, reason = "each of them waits for itself only")]
        for (_, waker) in moved {
            waker.wake();
        }
        group
    }
}

impl Drop for Gathering {
    /// Nobody is left to wait for an answer that never comes.
    fn drop(&mut self) {
        if !self.wakers.is_empty() {
            self.refuse_all(&WhyStopped::panicked("the thread that writes has panicked"));
        }
    }
}

impl Group {
    fn asleep(&self) -> MutexGuard<'_, std::vec::IntoIter<Waker>> {
        self.asleep.lock().expect("nobody panics while holding the wakers")
    }

    /// Wakes up to so many of those who are still asleep, first come first.
    fn wake(&self, most: usize) {
        debug_assert!(most <= WOKEN_BY_EACH, "there is room for those that are woken");
        if !self.is_anyone_asleep.load(Ordering::Relaxed) {
            return;
        }
        let mut woken = [const { None }; WOKEN_BY_EACH];
        let mut asleep = self.asleep();
        for (place, waker) in woken.iter_mut().zip(asleep.by_ref().take(most)) {
            *place = Some(waker);
        }
        if asleep.len() == 0 {
            self.is_anyone_asleep.store(false, Ordering::Relaxed);
        }
        drop(asleep);
        woken.into_iter().flatten().for_each(Waker::wake);
    }

    /// Wakes everyone who is still asleep.
    pub(crate) fn wake_all(&self) {
        let asleep = std::mem::take(&mut *self.asleep());
        self.is_anyone_asleep.store(false, Ordering::Relaxed);
        asleep.for_each(Waker::wake);
    }

    fn moved(&self) -> MutexGuard<'_, HashMap<u32, Waker>> {
        self.moved.lock().expect("nobody panics while holding the wakers")
    }
}

impl Ticket {
    /// The answer, once it is there.
    pub(crate) fn poll(&self, ctx: &Context<'_>) -> Poll<Verdict> {
        if let Some(answers) = self.group.answers.get() {
            self.group.wake(WOKEN_BY_EACH);
            return Poll::Ready(self.answer(answers));
        }
        self.group.moved().insert(self.number, ctx.waker().clone());
        // The answer may have come between the look and the leaving of the waker.
        self.group.answers.get().map_or(Poll::Pending, |answers| Poll::Ready(self.answer(answers)))
    }

    fn answer(&self, answers: &Answers) -> Verdict {
        match &answers.all {
            Some(WhyNothing::Full(error)) => return Verdict::Full(Arc::clone(error)),
            Some(WhyNothing::Stopped(why)) => return Verdict::Stopped(why.clone()),
            None => {}
        }
        match answers.firsts[self.number as usize] {
            Position::START => {
                let mut others = answers.others.lock().expect("nobody panics while holding this");
                others.remove(&self.number).expect("an entry that was not recorded has a verdict")
            }
            first => Verdict::Recorded { first },
        }
    }
}

#[cfg(test)]
mod tests;
