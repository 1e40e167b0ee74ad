//! Half-open: who may probe, and what probes decide.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering},
};

use ondol_resilience::{BreakerOptions, HalfOpenOptions, Reason, SlowRule, Verdict};

use super::{BAD, GOOD, open_for, plain};
use crate::rig::{Rig, begin, call, millis, secs};

fn probes(probes_max: u32, successes: u32) -> BreakerOptions {
    let half_open = HalfOpenOptions { probes_max, successes, wait_max: secs(5) };
    BreakerOptions { half_open, ..plain() }
}

#[test]
fn it_probes_when_the_open_time_is_over_and_not_before() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    rig.wait(millis(9_999));
    call(&breaker, GOOD).unwrap_err();
    rig.wait(millis(1));
    let probe = begin(&breaker);
    assert_eq!(breaker.state().state, "half-open");
    assert_eq!(call(&breaker, GOOD).unwrap_err().reason, Reason::CircuitProbing);
    probe.finish(GOOD);
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn it_closes_only_after_the_asked_number_of_successes() {
    let rig = Rig::new();
    let breaker = rig.opened(probes(1, 3));
    rig.wait(secs(10));
    for _ in 0..2 {
        call(&breaker, GOOD).unwrap();
        assert_eq!(breaker.state().state, "half-open");
    }
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn one_failing_probe_opens_it_again_and_its_fellows_come_late() {
    let rig = Rig::new();
    let breaker = rig.opened(probes(3, 3));
    rig.wait(secs(10));
    let (one, two, three) = (begin(&breaker), begin(&breaker), begin(&breaker));
    one.finish(GOOD);
    two.finish(BAD);
    assert_eq!(breaker.state().state, "open");
    three.finish(GOOD);
    assert_eq!(breaker.state().state, "open");
    assert_eq!(breaker.state().counters.late, 1);
}

#[test]
fn a_throttled_probe_opens_it_again_for_as_long_as_it_asks() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    rig.wait(secs(10));
    call(&breaker, Verdict::throttled().retry_after(Some(secs(100)))).unwrap();
    assert_eq!(open_for(&breaker), secs(100));
}

#[test]
fn a_slow_probe_opens_it_again() {
    let rig = Rig::new();
    let slow_calls = Some(SlowRule { slower_than: secs(1), share: 0.5, minimum_calls: 10 });
    let breaker = rig.opened(BreakerOptions { slow_calls, ..plain() });
    rig.wait(secs(10));
    let probe = begin(&breaker);
    rig.wait(secs(2));
    probe.finish(GOOD);
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn a_dropped_probe_gives_its_place_back_and_decides_nothing() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    rig.wait(secs(10));
    for _ in 0..5 {
        drop(begin(&breaker));
        assert_eq!(breaker.state().state, "half-open");
    }
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
    assert_eq!(breaker.state().counters.dropped, 5);
}

#[test]
fn an_ignored_probe_gives_its_place_back_and_decides_nothing() {
    let rig = Rig::new();
    let breaker = rig.opened(plain());
    rig.wait(secs(10));
    call(&breaker, Verdict::ignored()).unwrap();
    assert_eq!(breaker.state().state, "half-open");
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn probes_that_hang_cannot_hold_it_half_open() {
    let rig = Rig::new();
    let breaker = rig.opened(probes(2, 1));
    rig.wait(secs(10));
    let hanging = (begin(&breaker), begin(&breaker));
    rig.wait(millis(4_999));
    assert_eq!(call(&breaker, GOOD).unwrap_err().reason, Reason::CircuitProbing);
    rig.wait(millis(1));
    assert_eq!(call(&breaker, GOOD).unwrap_err().reason, Reason::CircuitOpen);
    assert_eq!(open_for(&breaker), secs(20), "it opened again, for longer");
    rig.wait(secs(20));
    let probes = (begin(&breaker), begin(&breaker));
    drop(hanging);
    let refused = call(&breaker, GOOD).unwrap_err().reason;
    assert_eq!(refused, Reason::CircuitProbing, "the old probes give back no place of the new");
    drop(probes);
}

#[test]
fn a_late_result_of_an_earlier_epoch_changes_nothing() {
    let rig = Rig::new();
    let breaker = rig.breaker(plain());
    let (late_good, late_bad) = (begin(&breaker), begin(&breaker));
    for _ in 0..3 {
        call(&breaker, BAD).unwrap();
    }
    rig.wait(secs(10));
    let probe = begin(&breaker);
    late_good.finish(GOOD);
    late_bad.finish(BAD);
    assert_eq!(breaker.state().state, "half-open");
    assert_eq!(breaker.state().counters.late, 2);
    probe.finish(GOOD);
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn a_thousand_callers_racing_never_exceed_the_probes() {
    const CALLERS: usize = 1_000;
    const PROBES: u32 = 7;
    let rig = Rig::new();
    let breaker = rig.opened(probes(PROBES, 1_000_000));
    rig.wait(secs(10));
    let out = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let start = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (breaker, out, most) = (breaker.clone(), Arc::clone(&out), Arc::clone(&most));
            let start = Arc::clone(&start);
            let race = move || {
                start.wait();
                let mut probed = 0;
                for _ in 0..200 {
                    let Ok(permit) = breaker.acquire() else {
                        std::thread::yield_now();
                        continue;
                    };
                    most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    out.fetch_sub(1, Ordering::SeqCst);
                    probed += 1;
                    permit.finish(GOOD);
                }
                probed
            };
            std::thread::Builder::new().stack_size(128 * 1024).spawn(race).unwrap()
        })
        .collect();
    let probed: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
    assert!(most.load(Ordering::SeqCst) <= PROBES as usize);
    assert!(probed > PROBES as usize, "places were given back and taken again: {probed}");
    assert_eq!(breaker.state().state, "half-open");
}
