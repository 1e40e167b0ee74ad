//! The gate under many interleavings of those who come, leave and give up.

use std::{sync::Arc, task::Waker};

use shuttle::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{Arrival, Fate, Gate};
use crate::Priority;

const RUNS: usize = 2_000;

fn three(each: impl Fn(usize) + Send + Sync + 'static) {
    let each = Arc::new(each);
    let threads: Vec<_> = (0..3)
        .map(|thread| {
            let each = Arc::clone(&each);
            thread::spawn(move || each(thread))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
}

/// Waits for a place as a task would, giving the turn to other threads.
fn enter(gate: &Gate) {
    let ticket = match gate.enter_or_queue(Priority::Normal, 10) {
        Arrival::Entered => return,
        Arrival::Queued(ticket) => ticket,
        Arrival::Full => panic!("the queue has room for all threads"),
    };
    while gate.poll(&ticket, Waker::noop()) == Fate::Waiting {
        thread::yield_now();
    }
}

#[test]
fn never_more_are_in_than_may_be_and_every_place_comes_back_in_any_interleaving() {
    shuttle::check_random(
        || {
            let gate = Arc::new(Gate::new(2));
            let inside = AtomicUsize::new(0);
            let racing = Arc::clone(&gate);
            three(move |_| {
                for _ in 0..2 {
                    if !racing.try_enter() {
                        enter(&racing);
                    }
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    racing.leave();
                }
            });
            assert_eq!(gate.load(), (0, 0));
        },
        RUNS,
    );
}

#[test]
fn who_gives_up_loses_no_place_in_any_interleaving() {
    shuttle::check_random(
        || {
            let gate = Arc::new(Gate::new(1));
            let racing = Arc::clone(&gate);
            three(move |thread| match racing.enter_or_queue(Priority::Normal, 10) {
                Arrival::Queued(ticket) if thread == 0 => racing.give_up(&ticket),
                Arrival::Queued(ticket) => {
                    while racing.poll(&ticket, Waker::noop()) == Fate::Waiting {
                        thread::yield_now();
                    }
                    racing.leave();
                }
                Arrival::Entered => racing.leave(),
                Arrival::Full => panic!("the queue has room for all threads"),
            });
            assert_eq!(gate.load(), (0, 0));
        },
        RUNS,
    );
}

#[test]
fn a_limit_that_moves_leaves_nobody_waiting_in_any_interleaving() {
    shuttle::check_random(
        || {
            let gate = Arc::new(Gate::new(1));
            let racing = Arc::clone(&gate);
            three(move |thread| {
                if thread == 0 {
                    racing.set_max(3);
                    racing.set_max(1);
                } else {
                    enter(&racing);
                    racing.leave();
                }
            });
            assert_eq!(gate.load(), (0, 0));
        },
        RUNS,
    );
}
