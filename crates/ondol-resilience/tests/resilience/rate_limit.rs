//! The rate limit.

use ondol_resilience::{Mode, RateLimit, RateLimitOptions, Reason};

use crate::rig::{Rig, millis, secs};

fn ten_a_second() -> RateLimitOptions {
    RateLimitOptions { calls: 10, per: secs(1), burst: 5, ..RateLimitOptions::default() }
}

fn limit(rig: &Rig, options: RateLimitOptions) -> RateLimit {
    RateLimit::with("test", options, &rig.doors).unwrap()
}

#[test]
fn a_burst_is_allowed_at_once_and_then_one_call_in_each_tenth_of_a_second() {
    let rig = Rig::new();
    let limit = limit(&rig, ten_a_second());
    for left in (0..5).rev() {
        assert_eq!(limit.check(&"kim").unwrap().remaining, left);
    }
    for _ in 0..20 {
        let rejected = limit.check(&"kim").unwrap_err();
        assert_eq!(
            (rejected.reason, rejected.retry_after),
            (Reason::RateLimited, Some(millis(100)))
        );
        rig.wait(millis(99));
        assert_eq!(limit.check(&"kim").unwrap_err().retry_after, Some(millis(1)));
        rig.wait(millis(1));
        limit.check(&"kim").unwrap();
    }
}

#[test]
fn whoever_waits_as_long_as_told_is_let_in() {
    let rig = Rig::new();
    let limit = limit(&rig, ten_a_second());
    for _ in 0..100 {
        if let Err(rejected) = limit.check(&1) {
            rig.wait(rejected.retry_after.unwrap());
            limit.check(&1).expect("the wait was as long as told");
        }
    }
}

#[test]
fn over_a_long_time_the_rate_holds_and_the_burst_comes_once() {
    let rig = Rig::new();
    let limit = limit(&rig, ten_a_second());
    let mut allowed = 0;
    for _ in 0..100_000 {
        allowed += u32::from(limit.check(&1).is_ok());
        rig.wait(millis(1));
    }
    assert_eq!(allowed, 100 * 10 + 4, "100 s at 10 a second, and the rest of the burst");
}

#[test]
fn keys_do_not_take_from_each_other() {
    let rig = Rig::new();
    let limit = limit(&rig, ten_a_second());
    for _ in 0..5 {
        limit.check(&"kim").unwrap();
    }
    limit.check(&"kim").unwrap_err();
    limit.check(&"lee").unwrap();
}

#[test]
fn invented_keys_cannot_grow_the_table_and_share_one_allowance() {
    let rig = Rig::new();
    let limit = limit(&rig, RateLimitOptions { keys_max: 160, ..ten_a_second() });
    let allowed = (0..100_000).filter(|key| limit.check(key).is_ok()).count();
    let state = limit.state();
    assert!(state.keys <= 160, "{state:?}");
    assert!(allowed <= 160 + 16 * 5, "each of 16 shards has one shared burst: {allowed}");
    assert!(state.shared > 99_000);
    rig.wait(secs(10));
    limit.check(&"someone new").unwrap();
    assert!(limit.state().keys <= 160, "quiet keys made room");
}

#[test]
fn observing_lets_all_through_and_counts_whom_it_would_not() {
    let rig = Rig::new();
    let limit = limit(&rig, RateLimitOptions { mode: Mode::Observe, ..ten_a_second() });
    for _ in 0..8 {
        limit.check(&1).unwrap();
    }
    let state = limit.state();
    assert_eq!((state.allowed, state.would_reject, state.rejected), (5, 3, 0));
}

#[test]
fn a_changed_rate_holds_from_the_next_call_on() {
    let rig = Rig::new();
    let limit = limit(&rig, ten_a_second());
    for _ in 0..5 {
        limit.check(&1).unwrap();
    }
    limit.change(RateLimitOptions { burst: 2, calls: 100, ..ten_a_second() }).unwrap();
    assert_eq!(limit.check(&1).unwrap_err().retry_after, Some(millis(10)));
}
