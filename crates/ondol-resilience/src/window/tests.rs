//! The rings against a plain list of what happened, and under many interleavings.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use proptest::prelude::*;
use shuttle::thread;

use super::{Tally, Window, WindowOptions, by_calls::CallRing, by_time::TimeRing};
use crate::Tick;

const SLICE: Duration = Duration::from_millis(100);

/// Runs a test in which only one thread is at work.
fn alone(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, 1);
}

fn at(slice: u64, nanos: u64) -> Tick {
    Tick::from_nanos(slice * 100_000_000 + nanos)
}

fn tally<'a>(calls: impl Iterator<Item = &'a (bool, bool)>) -> Tally {
    let mut tally = Tally::default();
    for &(failed, slow) in calls {
        tally.calls += 1;
        tally.failures += u64::from(failed);
        tally.slow += u64::from(slow);
    }
    tally
}

/// Waits that reach the last nanosecond of a slice, the first of the next, whole turns of the ring,
/// whole turns of the tag a slice carries, and everything between.
fn wait() -> impl Strategy<Value = u64> {
    let slice = 100_000_000_u64;
    prop_oneof![
        4 => 0..slice,
        2 => Just(slice),
        1 => Just(slice - 1),
        1 => Just(slice + 1),
        1 => (0_u64..3).prop_map(move |turns| turns * 5 * slice),
        1 => Just(1_024 * slice),
        1 => Just(5 * 1_024 * slice),
        1 => 0..20 * slice,
        1 => 0..1_000_000 * slice,
    ]
}

proptest! {
    #[test]
    fn a_window_over_time_holds_exactly_the_calls_of_its_slices(
        begin in prop_oneof![Just(0_u64), 0..10_000_000_000_u64],
        calls in prop::collection::vec((wait(), any::<bool>(), any::<bool>()), 1..60),
    ) {
        alone(move || {
            let ring = TimeRing::new(SLICE * 5, 5);
            let mut past: Vec<(u64, (bool, bool))> = Vec::new();
            let mut now = begin;
            for &(wait, failed, slow) in &calls {
                now += wait;
                past.push((now / 100_000_000, (failed, slow)));
                let oldest = (now / 100_000_000).saturating_sub(4);
                let covered = past.iter().filter(|(slice, _)| *slice >= oldest).map(|(_, call)| call);
                let found = ring.record(Tick::from_nanos(now), failed, slow);
                assert_eq!(found, tally(covered));
                assert_eq!(ring.tally(Tick::from_nanos(now)), found);
            }
        });
    }

    #[test]
    fn a_window_over_calls_holds_exactly_the_last_ones(
        size in 1_u32..20,
        calls in prop::collection::vec((any::<bool>(), any::<bool>()), 1..100),
    ) {
        alone(move || {
            let ring = CallRing::new(size);
            let mut past = VecDeque::new();
            for &(failed, slow) in &calls {
                past.push_back((failed, slow));
                if past.len() > size as usize {
                    past.pop_front();
                }
                assert_eq!(ring.record(failed, slow), tally(past.iter()));
            }
        });
    }
}

#[test]
fn a_call_counts_until_its_slice_is_left_and_not_a_nanosecond_longer() {
    alone(|| {
        let ring = TimeRing::new(SLICE * 5, 5);
        ring.record(at(7, 0), true, false);
        assert_eq!(ring.tally(at(11, 99_999_999)).calls, 1);
        assert_eq!(ring.tally(at(12, 0)).calls, 0);
    });
}

#[test]
fn a_gap_of_exactly_one_turn_of_ring_or_tag_leaves_nothing_behind() {
    alone(|| {
        for gap in [5, 1_024, 5 * 1_024, 5 * 1_024 * 1_024] {
            let ring = TimeRing::new(SLICE * 5, 5);
            ring.record(at(7, 0), true, true);
            assert_eq!(ring.tally(at(7 + gap, 0)), Tally::default(), "read after {gap}");
            let found = ring.record(at(7 + gap, 0), false, false);
            assert_eq!(found, Tally { calls: 1, failures: 0, slow: 0 }, "recorded after {gap}");
        }
    });
}

#[test]
fn a_thread_that_was_held_up_counts_in_its_own_slice_or_not_at_all() {
    alone(|| {
        let ring = TimeRing::new(SLICE * 5, 5);
        ring.record(at(9, 0), false, false);
        assert_eq!(ring.record(at(8, 0), true, false).failures, 1, "its slice is still there");
        assert_eq!(ring.record(at(4, 0), true, false).failures, 1, "its slice is gone");
    });
}

/// Three threads record five calls each; whatever the order, nothing is lost or counted twice.
fn three_record(window: WindowOptions, now: impl Fn(u64, u64) -> Tick + Send + Sync + 'static) {
    let now = Arc::new(now);
    shuttle::check_pct(
        move || {
            let window = Arc::new(Window::new(&window));
            let threads: Vec<_> = (0..3)
                .map(|thread| {
                    let (window, now) = (Arc::clone(&window), Arc::clone(&now));
                    thread::spawn(move || {
                        for call in 0..5 {
                            window.record(now(thread, call), thread == 0, false);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
            let found = window.tally(now(0, 4));
            assert_eq!(found, Tally { calls: 15, failures: 5, slow: 0 });
        },
        2_000,
        3,
    );
}

#[test]
fn threads_that_record_in_one_slice_lose_no_call() {
    three_record(WindowOptions::Time { length: SLICE * 5, slices: 5 }, |_, _| at(7, 0));
}

#[test]
fn threads_that_move_the_window_on_together_lose_no_call() {
    let window = WindowOptions::Time { length: SLICE * 5, slices: 5 };
    three_record(window, |_, call| at(1_000 + call, 0));
}

#[test]
fn threads_that_record_in_a_window_over_calls_lose_no_call() {
    three_record(WindowOptions::Calls { calls: 15 }, |_, _| Tick::ZERO);
}

#[test]
fn threads_that_overtake_each_other_in_a_small_ring_leave_true_totals() {
    shuttle::check_pct(
        || {
            let ring = Arc::new(CallRing::new(2));
            let threads: Vec<_> = (0..3)
                .map(|thread| {
                    let ring = Arc::clone(&ring);
                    thread::spawn(move || {
                        for call in 0..4 {
                            let seen = ring.record((thread + call) % 2 == 0, false);
                            assert!(seen.failures <= 4 && seen.calls <= 5, "{seen:?}");
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
            ring.record(true, false);
            assert_eq!(ring.record(false, false), Tally { calls: 2, failures: 1, slow: 0 });
        },
        2_000,
        3,
    );
}
