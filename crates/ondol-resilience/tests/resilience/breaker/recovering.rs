//! Recovery in steps: the share let through, and what each step must show.

use ondol_resilience::{Breaker, BreakerOptions, PhaseState, Reason, StepOptions, Verdict};

use super::{BAD, GOOD, plain, with_steps};
use crate::rig::{Rig, begin, call, millis, secs};

/// Calls until one is let through.
fn call_through(breaker: &Breaker, verdict: Verdict) {
    for _ in 0..1_000 {
        if call(breaker, verdict).is_ok() {
            return;
        }
    }
    panic!("not one call of a thousand was let through");
}

fn step_of(breaker: &Breaker) -> usize {
    match breaker.state().phase {
        PhaseState::Recovering { step, .. } => step,
        other => panic!("not recovering but {other:?}"),
    }
}

#[test]
fn each_step_lets_its_share_of_ten_thousand_calls_through() {
    let rig = Rig::new();
    for share in [0.1, 0.5, 1.0] {
        let step = StepOptions { calls: 1_000_000, ..StepOptions::of(share) };
        let breaker = rig.recovering(with_steps(&[step]));
        let through = (0..10_000).filter(|_| call(&breaker, GOOD).is_ok()).count();
        #[expect(clippy::cast_precision_loss, reason = "ten thousand is a small number")]
        let measured = through as f64 / 10_000.0;
        assert!((measured / share - 1.0).abs() <= 0.02, "{measured} for {share}");
    }
}

#[test]
fn the_share_has_no_period_that_one_caller_in_turn_could_fall_into() {
    let rig = Rig::new();
    let step = StepOptions { calls: 1_000_000, ..StepOptions::of(0.1) };
    let breaker = rig.recovering(with_steps(&[step]));
    let mut through = [0_u32; 10];
    for turn in 0..10_000 {
        through[turn % 10] += u32::from(call(&breaker, GOOD).is_ok());
    }
    assert!(through.iter().all(|share| (80..=120).contains(share)), "{through:?}");
}

#[test]
fn steps_are_passed_one_by_one_and_the_last_closes() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[0.1, 0.5, 1.0].map(StepOptions::of)));
    for step in 0..3 {
        for _ in 0..20 {
            assert_eq!(step_of(&breaker), step);
            call_through(&breaker, GOOD);
        }
    }
    let state = breaker.state();
    assert_eq!((state.state, state.opens), ("closed", 0));
}

#[test]
fn a_call_outside_the_share_is_told_so() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[StepOptions::of(0.1)]));
    let refused = (0..20).find_map(|_| call(&breaker, GOOD).err()).unwrap();
    assert_eq!(refused.reason, Reason::CircuitRecovering);
}

#[test]
fn a_step_with_too_many_failures_opens_again_as_soon_as_that_is_certain() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[StepOptions::of(0.5)]));
    for verdict in [BAD, GOOD, BAD, GOOD] {
        call_through(&breaker, verdict);
        assert_eq!(breaker.state().state, "recovering", "2 of 20 is the most allowed");
    }
    call_through(&breaker, BAD);
    assert_eq!(breaker.state().state, "open");
    assert_eq!(breaker.state().opens, 2, "it has not closed in between");
}

#[test]
fn failures_in_a_row_open_a_step_too() {
    let rig = Rig::new();
    let step = StepOptions { calls: 1_000, ..StepOptions::of(1.0) };
    let breaker = rig.recovering(with_steps(&[step]));
    for _ in 0..3 {
        call_through(&breaker, BAD);
    }
    assert_eq!(breaker.state().state, "open");
}

#[test]
fn a_later_step_that_fails_opens_and_begins_from_the_first() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[0.1, 0.5].map(StepOptions::of)));
    for _ in 0..20 {
        call_through(&breaker, GOOD);
    }
    assert_eq!(step_of(&breaker), 1);
    for _ in 0..3 {
        call_through(&breaker, BAD);
    }
    assert_eq!(breaker.state().state, "open");
    rig.wait(secs(20));
    call(&breaker, GOOD).unwrap();
    assert_eq!(step_of(&breaker), 0);
}

#[test]
fn a_step_lasts_at_least_as_long_as_it_should() {
    let rig = Rig::new();
    let step = StepOptions { lasts: secs(30), ..StepOptions::of(1.0) };
    let breaker = rig.recovering(with_steps(&[step]));
    for _ in 0..100 {
        call(&breaker, GOOD).unwrap();
    }
    assert_eq!(breaker.state().state, "recovering");
    rig.wait(millis(29_999));
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "recovering");
    rig.wait(millis(1));
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn calls_that_hang_fail_the_step_when_its_time_is_over() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[StepOptions::of(1.0)]));
    let hanging: Vec<_> = (0..5).map(|_| begin(&breaker)).collect();
    for _ in 0..10 {
        call(&breaker, GOOD).unwrap();
    }
    rig.wait(secs(60));
    call(&breaker, GOOD).unwrap_err();
    assert_eq!(breaker.state().state, "open", "5 of 15 did not come back");
    drop(hanging);
}

#[test]
fn little_traffic_does_not_hold_a_step_for_ever() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[StepOptions::of(1.0)]));
    rig.wait(secs(3_600));
    assert_eq!(breaker.state().state, "recovering", "nothing has come, nothing is judged");
    call(&breaker, GOOD).unwrap();
    assert_eq!(breaker.state().state, "closed", "one good result in all that time is enough");
}

#[test]
fn dropped_calls_of_a_step_are_no_results() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[StepOptions::of(1.0)]));
    for _ in 0..30 {
        drop(begin(&breaker));
    }
    assert_eq!(
        breaker.state().phase,
        PhaseState::Recovering { step: 0, share: 1.0, results: 0, bad: 0 }
    );
    for _ in 0..20 {
        call(&breaker, GOOD).unwrap();
    }
    assert_eq!(breaker.state().state, "closed");
}

#[test]
fn results_of_an_earlier_step_are_late_in_the_next() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[1.0, 1.0].map(StepOptions::of)));
    let early = begin(&breaker);
    for _ in 0..20 {
        call(&breaker, GOOD).unwrap();
    }
    assert_eq!(step_of(&breaker), 1);
    early.finish(BAD);
    assert_eq!(
        breaker.state().phase,
        PhaseState::Recovering { step: 1, share: 1.0, results: 0, bad: 0 }
    );
    assert_eq!(breaker.state().counters.late, 1);
}

#[test]
fn fewer_steps_while_it_recovers_begin_the_last_one_anew() {
    let rig = Rig::new();
    let breaker = rig.recovering(with_steps(&[0.1, 0.5, 1.0].map(StepOptions::of)));
    for _ in 0..20 {
        call_through(&breaker, GOOD);
    }
    breaker.change(with_steps(&[StepOptions::of(0.2)])).unwrap();
    assert_eq!(step_of(&breaker), 0);
    breaker.change(BreakerOptions { ..plain() }).unwrap();
    assert_eq!(breaker.state().state, "closed");
}
