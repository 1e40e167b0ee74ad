//! Coming into a bulkhead.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    Bulkhead, Place,
    gate::{Arrival, Fate, Ticket},
};
use crate::{Mode, Priority, Reason, Rejected, Sleep, Tick};

pin_project_lite::pin_project! {
    /// Becomes a [`Place`], or a rejection. Dropped, it leaves the queue.
    #[derive(Debug)]
    pub struct Entering {
        bulkhead: Bulkhead,
        priority: Priority,
        deadline: Option<Tick>,
        ticket: Option<Ticket>,
        #[pin]
        sleep: Option<Sleep>,
    }

    impl PinnedDrop for Entering {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(ticket) = this.ticket.take() {
                this.bulkhead.0.gate.give_up(&ticket);
            }
        }
    }
}

impl Entering {
    pub(super) const fn new(
        bulkhead: Bulkhead,
        priority: Priority,
        deadline: Option<Tick>,
    ) -> Self {
        Self { bulkhead, priority, deadline, ticket: None, sleep: None }
    }
}

impl Bulkhead {
    /// A place if there is one at once; `None`: one has to ask for a place in the queue.
    pub(super) fn enter_at_once(&self) -> Option<Place> {
        let inner = &*self.0;
        if inner.gate.try_enter() {
            inner.entered.add_one();
            return Some(Place(Some(self.clone())));
        }
        match inner.core.mode() {
            Mode::Enforce => None,
            Mode::Off => Some(Place(None)),
            Mode::Observe => {
                inner.would_reject.add_one();
                Some(Place(None))
            }
        }
    }

    fn entered(&self) -> Place {
        self.0.entered.add_one();
        Place(Some(self.clone()))
    }
}

impl Future for Entering {
    type Output = Result<Place, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let inner = &*this.bulkhead.0;
        if this.ticket.is_none() {
            if let Some(place) = this.bulkhead.enter_at_once() {
                return Poll::Ready(Ok(place));
            }
            let options = inner.core.options.load();
            match inner.gate.enter_or_queue(*this.priority, options.queue_max) {
                Arrival::Entered => return Poll::Ready(Ok(this.bulkhead.entered())),
                Arrival::Full => {
                    inner.rejected.add_one();
                    return Poll::Ready(Err(this.bulkhead.reject(Reason::BulkheadFull)));
                }
                Arrival::Queued(ticket) => *this.ticket = Some(ticket),
            }
            inner.waited.add_one();
            let time = &inner.core.doors.time;
            let latest = time.now().after(options.wait_max);
            let latest = this.deadline.map_or(latest, |deadline| deadline.min(latest));
            this.sleep.set(Some(time.sleep_until(latest)));
        }
        if let Some(ticket) = this.ticket.as_ref() {
            let fate = inner.gate.poll(ticket, cx.waker());
            if fate != Fate::Waiting {
                *this.ticket = None;
            }
            match fate {
                Fate::Waiting => {}
                Fate::Entered => return Poll::Ready(Ok(this.bulkhead.entered())),
                Fate::Displaced => {
                    inner.rejected.add_one();
                    return Poll::Ready(Err(this.bulkhead.reject(Reason::BulkheadFull)));
                }
            }
        }
        if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        if let Some(ticket) = this.ticket.take() {
            inner.gate.give_up(&ticket);
        }
        inner.timed_out.add_one();
        Poll::Ready(Err(this.bulkhead.reject(Reason::BulkheadWait)))
    }
}
