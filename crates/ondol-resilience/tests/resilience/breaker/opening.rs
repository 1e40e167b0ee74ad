//! When a breaker opens, and for how long.

use ondol_resilience::{
    BreakerOptions, OpenOptions, PhaseState, RateRule, Reason, SlowRule, StuckRule, Verdict,
    WindowOptions,
};

use super::{BAD, GOOD, open_for, plain};
use crate::rig::{Rig, begin, call, millis, secs};

fn by_rate() -> BreakerOptions {
    BreakerOptions {
        failures_in_a_row: None,
        failure_rate: Some(RateRule { share: 0.5, minimum_calls: 10 }),
        window: WindowOptions::Calls { calls: 20 },
        ..plain()
    }
}

#[test]
fn failures_in_a_row_open_it_at_exactly_the_last_one() {
    let breaker = Rig::new().breaker(plain());
    for _ in 0..2 {
        call(&breaker, BAD).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "open");
    let refused = call(&breaker, GOOD).unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (Reason::CircuitOpen, Some(secs(10))));
}

#[test]
fn a_success_ends_the_row() {
    let breaker = Rig::new().breaker(plain());
    for verdict in [BAD, BAD, GOOD, BAD, BAD] {
        call(&breaker, verdict).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn a_throttled_call_neither_lengthens_nor_ends_the_row() {
    let breaker = Rig::new().breaker(plain());
    for verdict in [BAD, Verdict::throttled(), BAD, Verdict::throttled(), Verdict::throttled()] {
        call(&breaker, verdict).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn a_throttled_call_counts_for_the_rate() {
    let breaker = Rig::new().breaker(by_rate());
    for _ in 0..5 {
        call(&breaker, GOOD).unwrap();
    }
    for _ in 0..4 {
        call(&breaker, Verdict::throttled()).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
    call(&breaker, Verdict::throttled()).unwrap();
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn ignored_calls_count_for_nothing() {
    let breaker = Rig::new().breaker(by_rate());
    for _ in 0..9 {
        call(&breaker, BAD).unwrap();
    }
    for _ in 0..50 {
        call(&breaker, Verdict::ignored()).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn the_rate_is_not_judged_before_the_minimum_of_calls_and_a_success_may_complete_it() {
    let breaker = Rig::new().breaker(by_rate());
    for _ in 0..9 {
        call(&breaker, BAD).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "open", "9 of 10 is above half");
}

#[test]
fn a_window_over_calls_forgets_the_call_before_the_last_n() {
    let breaker = Rig::new().breaker(by_rate());
    // 11 good, 9 bad of 20: below half. Each further bad one replaces a good one.
    for _ in 0..11 {
        call(&breaker, GOOD).unwrap();
    }
    for _ in 0..9 {
        call(&breaker, BAD).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "open", "10 of the last 20");
}

#[test]
fn a_window_over_time_forgets_what_is_older() {
    let rig = Rig::new();
    let window = WindowOptions::Time { length: secs(10), slices: 10 };
    let breaker = rig.breaker(BreakerOptions { window, ..by_rate() });
    for _ in 0..9 {
        call(&breaker, BAD).unwrap();
    }
    rig.wait(secs(10));
    for _ in 0..9 {
        call(&breaker, GOOD).unwrap();
    }
    call(&breaker, BAD).unwrap();
    assert_eq!(breaker.state().state, "closed", "1 of 10: the 9 failures are 10 s old");
}

#[test]
fn slow_calls_open_it_though_they_succeed() {
    let rig = Rig::new();
    let breaker = rig.breaker(BreakerOptions {
        slow_calls: Some(SlowRule { slower_than: secs(2), share: 0.5, minimum_calls: 4 }),
        ..plain()
    });
    for took in [secs(2), secs(2), millis(2_001)] {
        let permit = begin(&breaker);
        rig.wait(took);
        permit.finish(GOOD);
    }
    assert_eq!(breaker.state().counters.slow, 1, "exactly two seconds is not slow");
    let permit = begin(&breaker);
    rig.wait(secs(3));
    permit.finish(GOOD);
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn calls_that_do_not_come_back_open_it_while_they_are_in_flight() {
    let rig = Rig::new();
    let breaker = rig.breaker(BreakerOptions {
        stuck_calls: Some(StuckRule { longer_than: secs(8), calls: 3 }),
        ..plain()
    });
    let hanging: Vec<_> = (0..3).map(|_| begin(&breaker)).collect();
    rig.wait(millis(7_999));
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
    rig.wait(millis(1_002));
    call(&breaker, GOOD).unwrap_err();
    assert_eq!(breaker.state().state, "open");
    drop(hanging);
}

#[test]
fn calls_that_come_back_are_not_stuck() {
    let rig = Rig::new();
    let breaker = rig.breaker(BreakerOptions {
        stuck_calls: Some(StuckRule { longer_than: secs(8), calls: 3 }),
        ..plain()
    });
    let mut hanging: Vec<_> = (0..3).map(|_| begin(&breaker)).collect();
    rig.wait(secs(20));
    hanging.remove(0).finish(GOOD);
    drop(hanging.remove(0));
    for _ in 0..100 {
        rig.wait(secs(1));
        call(&breaker, GOOD).unwrap();
    }
    assert_eq!(breaker.state().state, "closed", "one is out, three would be too many");
}

#[test]
fn open_time_grows_to_its_cap_and_starts_anew_once_closed() {
    let rig = Rig::new();
    let open =
        OpenOptions { lasts: secs(10), lasts_max: secs(35), jitter: 0.0, ..OpenOptions::default() };
    let breaker = rig.opened(BreakerOptions { open, ..plain() });
    for expected in [20, 35, 35] {
        rig.wait(open_for(&breaker));
        call(&breaker, BAD).unwrap();
        assert_eq!(open_for(&breaker), secs(expected));
    }
    rig.wait(secs(35));
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
    for _ in 0..3 {
        call(&breaker, BAD).unwrap();
    }
    assert_eq!(open_for(&breaker), secs(10));
}

#[test]
fn jitter_lengthens_the_open_time_and_never_passes_the_cap() {
    let rig = Rig::new();
    let open =
        OpenOptions { lasts: secs(10), lasts_max: secs(60), jitter: 0.5, ..OpenOptions::default() };
    let mut first = Vec::new();
    let mut at_cap = Vec::new();
    for _ in 0..200 {
        let breaker = rig.opened(BreakerOptions { open, ..plain() });
        first.push(open_for(&breaker));
        for _ in 0..5 {
            rig.wait(open_for(&breaker));
            call(&breaker, BAD).unwrap();
        }
        at_cap.push(open_for(&breaker));
    }
    assert!(first.iter().all(|time| (secs(10)..=secs(15)).contains(time)));
    assert!(at_cap.iter().all(|time| (secs(40)..=secs(60)).contains(time)));
    let spread =
        |times: &[std::time::Duration]| *times.iter().max().unwrap() - *times.iter().min().unwrap();
    assert!(spread(&first) > secs(4), "two hundred draws fill most of the 5 s");
    assert!(spread(&at_cap) > secs(16), "the cap does not make them probe together");
}

#[test]
fn a_retry_after_lengthens_the_open_time_up_to_the_cap() {
    let rig = Rig::new();
    for (asked, stays) in [(5, 10), (120, 120), (86_400, 300)] {
        let breaker = rig.breaker(plain());
        for _ in 0..3 {
            call(&breaker, BAD.retry_after(Some(secs(asked)))).unwrap();
        }
        assert_eq!(open_for(&breaker), secs(stays));
    }
}

#[test]
fn a_retry_after_is_not_heard_when_told_not_to() {
    let rig = Rig::new();
    let open = OpenOptions { honour_retry_after: false, ..plain().open };
    let breaker = rig.breaker(BreakerOptions { open, ..plain() });
    for _ in 0..3 {
        call(&breaker, BAD.retry_after(Some(secs(120)))).unwrap();
    }
    assert_eq!(open_for(&breaker), secs(10));
}

#[test]
fn every_problem_of_the_options_is_reported_at_once() {
    let options = BreakerOptions {
        failures_in_a_row: Some(0),
        failure_rate: Some(RateRule { share: 1.5, minimum_calls: 30 }),
        window: WindowOptions::Calls { calls: 20 },
        open: OpenOptions { growth: 0.5, lasts_max: secs(1), ..OpenOptions::default() },
        ..plain()
    };
    let problems = options.validate().unwrap_err();
    let places: Vec<_> = problems.list().iter().map(|problem| problem.at.as_str()).collect();
    assert_eq!(
        places,
        [
            "failures_in_a_row",
            "failure_rate.share",
            "failure_rate.minimum_calls",
            "open.growth",
            "open.lasts_max"
        ]
    );
}

#[test]
fn a_breaker_that_could_never_open_is_refused() {
    let problems =
        BreakerOptions { failures_in_a_row: None, ..plain() }.validate().unwrap_err().to_string();
    assert_eq!(problems, "has no criterion, so it would never open");
}

#[test]
fn a_slice_with_more_calls_than_it_can_count_keeps_its_share() {
    let breaker = Rig::new().breaker(BreakerOptions {
        failure_rate: Some(RateRule { share: 0.26, minimum_calls: 1_000 }),
        window: WindowOptions::Time { length: secs(10), slices: 10 },
        ..by_rate()
    });
    for turn in 0..600_000 {
        call(&breaker, if turn % 4 == 3 { BAD } else { GOOD }).unwrap();
    }
    let PhaseState::Closed { window: Some(tally), .. } = breaker.state().phase else {
        panic!("a quarter of failures opens nothing");
    };
    assert!((tally.failure_share() - 0.25).abs() < 0.001, "{tally:?}");
}
