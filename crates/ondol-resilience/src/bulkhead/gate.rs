//! A counted gate with an ordered queue: the concurrent part of the bulkhead.
//!
//! One word holds how many are in and how many wait. While nobody waits, entering and leaving are a
//! compare-and-swap each. As soon as someone waits, both go through the queue's lock: who leaves
//! hands the place over, so a place is never free while someone waits for it, and nobody overtakes.
//! The number of waiters changes only under the lock.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, task::Waker};

use crate::{
    Priority,
    sync::{AtomicU32, AtomicU64, Mutex, Ordering, lock},
};

const ONE_WAITING: u64 = 1 << 32;

#[derive(Debug)]
pub(crate) struct Gate {
    /// Those in, and in the high half those waiting.
    state: AtomicU64,
    max: AtomicU32,
    queue: Mutex<Queue>,
}

/// The order of the queue: the highest priority first, then the first come.
type Turn = (Reverse<Priority>, u64);

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    waiters: BTreeMap<Turn, Arc<Mutex<Slot>>>,
}

#[derive(Debug)]
struct Slot {
    fate: Fate,
    waker: Option<Waker>,
}

/// What has become of someone who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Waiting,
    /// A place was handed over.
    Entered,
    /// A more important one took the place in the queue.
    Displaced,
}

/// A place in the queue. To be given to [`Gate::give_up`] unless its fate is known.
#[derive(Debug)]
pub(crate) struct Ticket {
    turn: Turn,
    slot: Arc<Mutex<Slot>>,
}

/// The answer to who comes to the gate.
#[derive(Debug)]
pub(crate) enum Arrival {
    Entered,
    Queued(Ticket),
    Full,
}

const fn inside(state: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    let low = state as u32;
    low
}

const fn waiting(state: u64) -> u32 {
    inside(state >> 32)
}

impl Gate {
    pub(crate) fn new(max: u32) -> Self {
        Self {
            state: AtomicU64::new(0),
            max: AtomicU32::new(max),
            queue: Mutex::new(Queue::default()),
        }
    }

    /// How many are in, and how many wait.
    pub(crate) fn load(&self) -> (u32, u32) {
        let state = self.state.load(Ordering::Acquire);
        (inside(state), waiting(state))
    }

    /// Enters if there is room and nobody waits for it.
    pub(crate) fn try_enter(&self) -> bool {
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                let room = waiting(state) == 0 && inside(state) < self.max.load(Ordering::Acquire);
                room.then_some(state + 1)
            })
            .is_ok()
    }

    /// Enters, or takes a place in the queue, if that has one.
    pub(crate) fn enter_or_queue(&self, priority: Priority, queue_max: u32) -> Arrival {
        let mut queue = lock!(self.queue);
        loop {
            let state = self.state.load(Ordering::Acquire);
            let full = inside(state) >= self.max.load(Ordering::Acquire) || waiting(state) > 0;
            if full && waiting(state) >= queue_max {
                return queue.displace(priority);
            }
            let next = if full { state + ONE_WAITING } else { state + 1 };
            let swap =
                self.state.compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire);
            match swap {
                Ok(_) if full => return Arrival::Queued(queue.push(priority)),
                Ok(_) => return Arrival::Entered,
                Err(_) => {}
            }
        }
    }

    /// Leaves, handing the place to who is next.
    pub(crate) fn leave(&self) {
        loop {
            let max = self.max.load(Ordering::Acquire);
            let left = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (waiting(state) == 0 || inside(state) > max).then(|| state - 1)
            });
            if left.is_ok() {
                return;
            }
            let mut queue = lock!(self.queue);
            if let Some(next) = queue.pop() {
                self.state.fetch_sub(ONE_WAITING, Ordering::AcqRel);
                drop(queue);
                return settle(&next, Fate::Entered);
            }
        }
    }

    /// Stops waiting. A place that was handed over in the meantime is handed on.
    pub(crate) fn give_up(&self, ticket: &Ticket) {
        let mut queue = lock!(self.queue);
        if queue.waiters.remove(&ticket.turn).is_some() {
            self.state.fetch_sub(ONE_WAITING, Ordering::AcqRel);
            return;
        }
        drop(queue);
        // Out of the queue, it was displaced, or a place is being handed over at this moment.
        if lock!(ticket.slot).fate != Fate::Displaced {
            self.leave();
        }
    }

    /// What has become of a ticket; while it waits, the waker is called when that changes.
    pub(crate) fn poll(&self, ticket: &Ticket, waker: &Waker) -> Fate {
        let mut slot = lock!(ticket.slot);
        if slot.fate == Fate::Waiting {
            slot.waker = Some(waker.clone());
        }
        slot.fate
    }

    /// Changes how many may be in. More: those next in the queue enter. Fewer: nobody is thrown
    /// out, but places are not handed on until enough have left.
    pub(crate) fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Release);
        let mut queue = lock!(self.queue);
        let mut entering = Vec::new();
        loop {
            let handed = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (waiting(state) > 0 && inside(state) < max).then(|| state - ONE_WAITING + 1)
            });
            if handed.is_err() {
                break;
            }
            entering.extend(queue.pop());
        }
        drop(queue);
        entering.iter().for_each(|slot| settle(slot, Fate::Entered));
    }
}

impl Queue {
    fn push(&mut self, priority: Priority) -> Ticket {
        let turn = (Reverse(priority), self.next);
        self.next += 1;
        let slot = Arc::new(Mutex::new(Slot { fate: Fate::Waiting, waker: None }));
        self.waiters.insert(turn, Arc::clone(&slot));
        Ticket { turn, slot }
    }

    fn pop(&mut self) -> Option<Arc<Mutex<Slot>>> {
        self.waiters.pop_first().map(|(_, slot)| slot)
    }

    /// Takes the place of the last of a lower priority. The number of waiters stays.
    fn displace(&mut self, priority: Priority) -> Arrival {
        let Some(last) = self.waiters.last_entry() else { return Arrival::Full };
        if last.key().0.0 >= priority {
            return Arrival::Full;
        }
        let slot = last.remove();
        let ticket = self.push(priority);
        settle(&slot, Fate::Displaced);
        Arrival::Queued(ticket)
    }
}

fn settle(slot: &Mutex<Slot>, fate: Fate) {
    let mut slot = lock!(slot);
    slot.fate = fate;
    let waker = slot.waker.take();
    drop(slot);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
