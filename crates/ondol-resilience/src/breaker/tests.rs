//! The breaker under many interleavings of its callers.

use std::{sync::Arc, time::Duration};

use shuttle::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{Breaker, BreakerOptions, HalfOpenOptions, OpenOptions, StepOptions};
use crate::{Doors, Events, ManualClock, Random, Time, Verdict};

const RUNS: usize = 1_500;

fn rig(options: BreakerOptions) -> (ManualClock, Breaker) {
    let clock = ManualClock::new();
    let doors = Doors {
        time: Time::of(clock.clone()),
        random: Random::seeded(1),
        events: Events::default(),
    };
    (clock, Breaker::with("test", options, &doors).expect("the options of a test are good"))
}

fn options(probes_max: u32, successes: u32) -> BreakerOptions {
    BreakerOptions {
        failures_in_a_row: Some(2),
        open: OpenOptions { lasts: Duration::from_secs(1), ..OpenOptions::default() },
        half_open: HalfOpenOptions { probes_max, successes, wait_max: Duration::from_secs(9) },
        recovery: vec![StepOptions { calls: 4, ..StepOptions::of(1.0) }],
        ..BreakerOptions::default()
    }
}

fn open(clock: &ManualClock, breaker: &Breaker) {
    for _ in 0..2 {
        breaker.acquire().expect("closed").finish(Verdict::failure());
    }
    clock.advance(Duration::from_secs(2));
}

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

#[test]
fn probes_never_exceed_their_number_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let (clock, breaker) = rig(options(2, 100));
            open(&clock, &breaker);
            let out = AtomicUsize::new(0);
            three(move |thread| {
                for _ in 0..3 {
                    let Ok(probe) = breaker.acquire() else { continue };
                    assert!(out.fetch_add(1, Ordering::SeqCst) < 2);
                    out.fetch_sub(1, Ordering::SeqCst);
                    if thread == 0 { drop(probe) } else { probe.finish(Verdict::success()) }
                }
            });
        },
        RUNS,
        3,
    );
}

#[test]
fn every_place_of_a_probe_comes_back_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let (clock, breaker) = rig(options(1, 100));
            open(&clock, &breaker);
            let racing = breaker.clone();
            three(move |thread| {
                if let Ok(probe) = racing.acquire() {
                    if thread == 0 { drop(probe) } else { probe.finish(Verdict::ignored()) }
                }
            });
            breaker.acquire().expect("no place is lost").finish(Verdict::success());
        },
        RUNS,
        3,
    );
}

#[test]
fn a_breaker_opens_once_for_one_row_of_failures_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let (_clock, breaker) = rig(options(1, 1));
            let racing = breaker.clone();
            three(move |_| {
                if let Ok(permit) = racing.acquire() {
                    permit.finish(Verdict::failure());
                }
            });
            let state = breaker.state();
            assert_eq!((state.state, state.generation, state.counters.opened), ("open", 1, 1));
        },
        RUNS,
        3,
    );
}

#[test]
fn probes_and_late_results_agree_on_one_next_state_in_any_interleaving() {
    shuttle::check_pct(
        || {
            let (clock, breaker) = rig(options(2, 1));
            let late = std::sync::Mutex::new(Some(breaker.acquire().expect("closed")));
            open(&clock, &breaker);
            let racing = breaker.clone();
            three(move |thread| {
                if thread == 0 {
                    let late = late.lock().expect("not poisoned").take();
                    late.expect("taken once").finish(Verdict::failure());
                } else if let Ok(permit) = racing.acquire() {
                    permit.finish(Verdict::success());
                }
            });
            let state = breaker.state();
            assert_eq!(state.state, "recovering", "the late failure touches nothing");
            assert_eq!(state.generation, 3, "closed, open, half-open, recovering");
        },
        RUNS,
        3,
    );
}
