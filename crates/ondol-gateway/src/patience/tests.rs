//! Waiting, with a clock that is moved by hand.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ondol_doors::ManualClock;
use ondol_kernel::Timestamp;

use super::{Pace, Pacer, Patience};

fn second(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[test]
fn an_end_that_moves_on_is_not_over_early() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let mut patience = Patience::new(clock.clone());
    let mut cx = Context::from_waker(Waker::noop());
    patience.wait(second(5));
    assert_eq!(patience.poll_over(&mut cx), Poll::Pending);
    clock.advance(second(4));
    patience.wait(second(5));
    clock.advance(second(4));
    assert_eq!(patience.poll_over(&mut cx), Poll::Pending, "it ends at nine");
    clock.advance(second(1));
    assert_eq!(patience.poll_over(&mut cx), Poll::Ready(()));
}

#[test]
fn an_end_that_comes_nearer_is_kept() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let mut patience = Patience::new(clock.clone());
    let mut cx = Context::from_waker(Waker::noop());
    patience.wait(second(100));
    assert_eq!(patience.poll_over(&mut cx), Poll::Pending);
    patience.wait(second(1));
    clock.advance(second(1));
    assert_eq!(patience.poll_over(&mut cx), Poll::Ready(()));
}

#[test]
fn a_pace_is_kept_by_bytes_and_only_waiting_counts() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let mut cx = Context::from_waker(Waker::noop());
    let pace = Pace { grace: second(10), rate: 100 };
    let mut pacer = Pacer::new(pace, clock.clone());
    // Nine seconds of waiting for 900 bytes are paid for.
    for _ in 0..10 {
        assert_eq!(pacer.poll_too_slow(&mut cx), Poll::Pending);
        clock.advance(second(9));
        pacer.progress(900);
    }
    // What happens between two waits is nobody's fault.
    clock.advance(second(1000));
    // One byte a second is not enough: it is over after the grace.
    let mut waited = 0;
    while pacer.poll_too_slow(&mut cx).is_pending() {
        clock.advance(second(1));
        pacer.progress(1);
        waited += 1;
        assert!(waited < 20);
    }
    assert_eq!(waited, 11);
}
