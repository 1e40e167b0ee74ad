//! Held by a person, only observing, or off; and changed while running.

use ondol_resilience::{BreakerOptions, Hold, Mode, Reason, What};

use super::{BAD, GOOD, open_for, plain};
use crate::rig::{Rig, begin, call, secs};

#[test]
fn forced_open_refuses_until_freed_and_then_probes() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    breaker.hold(Hold::Open);
    rig.wait(secs(100_000));
    let refused = call(&breaker, GOOD).unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (Reason::CircuitHeld, None));
    assert_eq!(breaker.state().state, "forced-open");
    breaker.hold(Hold::Free);
    assert_eq!(breaker.state().state, "half-open");
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn isolated_refuses_until_freed_and_then_is_closed() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    breaker.hold(Hold::Isolated);
    rig.wait(secs(100_000));
    assert_eq!(call(&breaker, GOOD).unwrap_err().reason, Reason::CircuitHeld);
    assert_eq!(breaker.state().state, "isolated");
    breaker.hold(Hold::Free);
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn forced_closed_measures_and_never_opens() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    breaker.hold(Hold::Closed);
    for _ in 0..100 {
        call(&breaker, BAD).unwrap();
    }
    let state = breaker.state();
    assert_eq!((state.state, state.counters.failures), ("forced-closed", 103));
    breaker.hold(Hold::Free);
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "closed", "what it saw while held is forgotten");
}

#[test]
fn results_from_before_a_hold_are_late() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    let before = begin(&breaker);
    breaker.hold(Hold::Isolated);
    before.finish(BAD);
    assert_eq!(breaker.state().counters.late, 1);
}

#[test]
fn observing_refuses_nothing_and_moves_as_if_it_did() {
    let rig = Rig::new();
    let breaker = rig.opened(BreakerOptions { mode: Mode::Observe, ..plain() });
    for _ in 0..10 {
        call(&breaker, GOOD).unwrap();
    }
    assert_eq!(breaker.state().state, "open", "what passes although it is open moves nothing");
    assert_eq!(breaker.state().counters.would_reject, 10);
    rig.wait(secs(10));
    let probe = begin(&breaker);
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "half-open", "only the probe decides");
    probe.finish(GOOD);
    assert_eq!(breaker.state().state, "closed");
    assert_eq!(breaker.state().counters.rejected, 0);
}

#[test]
fn off_measures_nothing() {
    let rig = Rig::new();
    let breaker = rig.breaker(BreakerOptions { mode: Mode::Off, ..plain() });
    for _ in 0..10 {
        call(&breaker, BAD).unwrap();
    }
    assert_eq!(breaker.state().counters, ondol_resilience::BreakerCounters::default());
}

#[test]
fn a_change_keeps_the_row_of_failures() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    call(&breaker, BAD).unwrap();
    breaker.change(BreakerOptions { failures_in_a_row: Some(2), ..plain() }).unwrap();
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn a_shorter_cap_shortens_an_open_time_that_runs() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    let mut options = plain();
    (options.open.lasts, options.open.lasts_max) = (secs(4), secs(4));
    breaker.change(options).unwrap();
    assert_eq!(open_for(&breaker), secs(4));
}

#[test]
fn bad_options_leave_the_old_ones() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    breaker.change(BreakerOptions { failures_in_a_row: Some(0), ..plain() }).unwrap_err();
    assert_eq!(*breaker.options(), plain());
}

#[test]
fn every_move_is_told_in_order() {
    let rig = Rig::new();
    let mut events = rig.doors.events.subscribe();
    let breaker = rig.opened(plain());
    rig.wait(secs(10));
    call(&breaker, GOOD).unwrap();
    breaker.hold(Hold::Isolated);
    breaker.reset();
    let mut moves = Vec::new();
    while let Ok(event) = events.try_recv() {
        assert_eq!(&*event.policy, "test");
        if let What::Moved { from, to, because } = event.what {
            moves.push((from, to, because));
        }
    }
    assert_eq!(
        moves,
        [
            ("closed", "open", "failures in a row"),
            ("open", "half-open", "its open time is over"),
            ("half-open", "closed", "its probes succeeded"),
            ("closed", "isolated", "it is held"),
            ("isolated", "closed", "it was reset"),
        ]
    );
}
